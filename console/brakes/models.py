"""Brakes, as they were set and lifted. Wall time; the account is kept as text."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from console.approvals import policy
from console.operations import verbs
from console.operations.verbs import Verb
from console.people.models import User
from gateway import texts


class BrakeQuerySet(models.QuerySet["Brake"]):
    """Questions about brakes."""

    def standing(self) -> "BrakeQuerySet":
        """Those that stop something now, the oldest first, each with the people who set it and want it lifted."""
        return self.filter(lifted_at=None).select_related("set_by", "lift_asked_by").order_by("set_at", "pk")

    def lifted(self) -> "BrakeQuerySet":
        """Those that are over, the last one first."""
        people = self.filter(lifted_at__isnull=False).select_related("set_by", "lift_asked_by", "lifted_by")
        return people.order_by("-lifted_at", "-pk")


class Brake(models.Model):
    """Something that an administrator has stopped: all writes to Stripe, all that moves money, one act, one account.

    `target` is the name of the verb or the id of the account, "" for the other two. In live mode (`livemode`) lifting
    takes two: `lift_asked_by` wants it and says why, another one lifts it. The database holds that, too.
    """

    class Scope(models.TextChoices):
        """What is stopped, the widest first."""

        ALL = "all", "All writes"
        MONEY = "money", "All that moves money"
        VERB = "verb", "One kind of act"
        ACCOUNT = "account", "One account"

    scope = models.CharField(max_length=16, choices=Scope)
    target = models.CharField(max_length=255, blank=True)
    account_name = models.CharField(max_length=255, blank=True)  # as it then was
    livemode = models.BooleanField()
    reason = models.TextField()
    ticket = models.CharField(max_length=64, blank=True)
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField(default=timezone.now)
    lift_reason = models.TextField(blank=True)
    lift_asked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    lift_asked_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True)

    objects = BrakeQuerySet.as_manager()

    class Meta:
        """Read by everybody who works, set and lifted by administrators."""

        default_permissions = ("view",)
        permissions = (("set_brake", "Can stop writes to Stripe, and let them go on"),)
        constraints = (
            models.UniqueConstraint(fields=["scope", "target"], condition=Q(lifted_at=None), name="brake_stands_once"),
            models.CheckConstraint(
                condition=Q(lifted_by=None) | Q(lift_asked_by=None) | ~Q(lifted_by=F("lift_asked_by")),
                name="brake_lifted_by_another",
            ),
            models.CheckConstraint(
                condition=Q(lifted_at=None, lifted_by=None)
                | Q(lifted_at__isnull=False, lifted_by__isnull=False, livemode=False)
                | Q(lifted_at__isnull=False, lifted_by__isnull=False, lift_asked_by__isnull=False),
                name="brake_lifted_by_two_in_live_mode",
            ),
        )
        indexes = (models.Index(fields=["-lifted_at", "-id"], name="brake_lifted"),)

    def __str__(self) -> str:
        """Return what is stopped, as a sentence without its end."""
        return f"{self.what} {'is' if self.scope in (self.Scope.MONEY, self.Scope.VERB) else 'are'} stopped"

    @property
    def what(self) -> str:
        """What it stops, as a sentence begins."""
        verb = verbs.find(self.target)
        return {
            self.Scope.ALL: "All writes to Stripe",
            self.Scope.MONEY: "All that moves money",
            self.Scope.VERB: f"“{verb.label if verb else self.target}”",
            self.Scope.ACCOUNT: f"All writes to {texts.label(self.account_name, self.target)}",
        }[self.Scope(self.scope)]

    def stops(self, verb: Verb, account_id: str) -> bool:
        """Whether such an act falls under it; what reads, or lowers risk, is not asked about."""
        return {
            self.Scope.ALL: True,
            self.Scope.MONEY: policy.moves_money(verb),
            self.Scope.VERB: verb.name == self.target,
            self.Scope.ACCOUNT: bool(account_id) and account_id == self.target,
        }[self.Scope(self.scope)]
