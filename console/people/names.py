"""Names of staff, and the one way to compare them."""

import unicodedata
from typing import Any

from django.contrib.auth.models import UserManager


def key(name: str) -> str:
    """One word for all ways of writing a name: width, ligatures, case, combining marks and outer blanks make no other.

    Unicode's own comparison without case (D145, with compatibility): the key of a key is the key.
    """
    folded = unicodedata.normalize("NFD", name).casefold()
    for _ in range(2):  # what compatibility takes apart may have letters with a case in it
        folded = unicodedata.normalize("NFKD", folded).casefold()
    return unicodedata.normalize("NFKC", folded).strip()


class Users(UserManager[Any]):
    """Finds members of staff by their names; Django's sign-in and its commands ask here as well."""

    def get_by_natural_key(self, username: str | None) -> Any:
        """Who has this name, however it is written. Raises DoesNotExist for nobody, and for two who share a key.

        One query, a second one over all names where the spelling is not the stored one.
        """
        found = self.named(username or "")
        if found is None:
            raise self.model.DoesNotExist
        return found

    def named(self, name: str) -> Any:
        """The same, None for nobody."""
        exact = self.filter(username=name).first()
        if exact:
            return exact
        wanted = key(name)
        alike = [pk for pk, other in self.values_list("pk", "username") if key(other) == wanted]
        return self.filter(pk=alike[0]).first() if wanted and len(alike) == 1 else None

    def called(self, words: str) -> list[int]:
        """The keys of those whom the words name: their user name, first name, last name or both. One query."""
        wanted = key(words)
        every = self.values_list("pk", "username", "first_name", "last_name")
        return [pk for pk, *names in every if wanted and wanted in map(key, [*names, " ".join(names[1:])])]

    def is_taken(self, name: str) -> bool:
        """Whether somebody has this name already, in any spelling. One query."""
        return key(name) in map(key, self.values_list("username", flat=True))
