"""Staff, their tokens, and sign-ins that failed."""

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.crypto import salted_hmac

from console.people.names import Users


class User(AbstractUser):
    """A member of staff. Rights come from one of four roles (console.people.roles)."""

    email = models.EmailField(blank=True)
    daily_digest = models.BooleanField("Mail me once a day what needs a person", default=False)
    # How often all that this person had open was ended (console.people.access.end): it never counts down.
    access_generation = models.PositiveIntegerField(default=0, editable=False)

    objects: ClassVar[Users] = Users()

    class Meta(AbstractUser.Meta):
        """Ours is the only user model."""

        permissions = (
            ("use_commands", "Can act through management commands with a personal token"),
            ("make_token", "Can make a personal token, for the commands that their role has"),
        )

    def get_session_auth_hash(self) -> str:
        """What a sign-in or a token must carry to be worth something: a digest of the password and the generation."""
        value = f"{self.access_generation} {self.password}"
        return salted_hmac("console.User.get_session_auth_hash", value, algorithm="sha256").hexdigest()


class PersonalToken(models.Model):
    """A token that lets one member of staff act through commands in test and live mode; only its digest is kept."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tokens")
    digest = models.CharField(max_length=64, unique=True)
    session_hash = models.CharField(max_length=64, default="")  # its owner's, when made: it works while that is theirs
    label = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        """Seen by its owner alone."""

        default_permissions = ()
        constraints = (
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="token_expires_after_creation"),
        )

    def __str__(self) -> str:
        """What it is for."""
        return self.label


class SignInFailure(models.Model):
    """One guess at a password that has not proved right. `key` digests the normalised name and the address it came
    from; neither is kept.
    """

    key = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        """Counted within the last minutes, removed afterwards (console.people.sign_in)."""

        default_permissions = ()
        indexes = (models.Index(fields=["key", "at"], name="sign_in_failure_recent"),)

    def __str__(self) -> str:
        """When it was."""
        return f"{self.at:%Y-%m-%d %H:%M:%S}"
