"""The room's tables, gathered from its nouns: Django looks for them here."""

from accounts.account.models import Account
from accounts.capabilities.models import Capability
from accounts.external_accounts.models import ExternalAccount
from accounts.history.models import Requirement, StateChange
from accounts.persons.models import Person
from accounts.terms.models import Acceptance

__all__ = ["Acceptance", "Account", "Capability", "ExternalAccount", "Person", "Requirement", "StateChange"]
