"""Who belongs to an account, as Stripe last sent it (docs.stripe.com/api/persons)."""

from typing import Any

from django.db import models

from accounts.of_account.models import OfAccount
from gateway import texts
from gateway.shapes import hash_at, name_at, shown_at, text_at
from gateway.spellings import phone_key

Data = dict[str, Any]


class Person(OfAccount):
    """Somebody who belongs to an account: its representative, owners, directors (docs.stripe.com/api/persons)."""

    stripe_object = "person"
    watched = ("verification.status",)
    listed_at = "/v1/accounts/{account}/persons"

    name = models.CharField(max_length=255, blank=True)
    phone = models.CharField(max_length=16, blank=True, default="")  # gateway.spellings.phone_key
    verification_status = models.CharField(max_length=64, blank=True)

    class Meta(OfAccount.Meta):
        """Read by account."""

        ordering = ("created", "id")
        indexes = (models.Index(fields=["phone"], name="person_phone"),)

    def __str__(self) -> str:
        """Return the name, or the id of a person without one."""
        return texts.label(self.name, self.id)

    def set_columns(self) -> None:
        """Fill the columns from `data`."""
        data: Data = self.data or {}
        self.name, self.phone = person_name(data)[:255], phone_key(text_at(data, "phone"))
        self.verification_status = shown_at(data, "verification.status")[:64]

    @property
    def roles(self) -> list[str]:
        """The roles Stripe knows this person in, such as representative and owner."""
        return sorted(name for name, value in hash_at(self.data, "relationship").items() if value is True)


def person_name(data: Data) -> str:
    """First and last name as far as they are known."""
    return " ".join(filter(None, (name_at(data, "first_name"), name_at(data, "last_name"))))
