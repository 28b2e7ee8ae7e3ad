"""Django's own backend, which reads all permissions of a user at once."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission
from django.db.models import Q

from console.people.models import User


class OneReadBackend(ModelBackend):
    """What a person may by name and by role in one query a request, not in one for each."""

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """As `app.codename`; kept on the user as Django keeps them, none for whoever may not sign in."""
        if not isinstance(user_obj, User) or user_obj.is_superuser or obj is not None:
            return super().get_all_permissions(user_obj, obj)
        if not user_obj.is_active:
            return set()
        kept: Any = user_obj
        if not hasattr(kept, "_perm_cache"):
            own = Permission.objects.filter(Q(user=user_obj) | Q(group__user=user_obj)).order_by()
            names = own.values_list("content_type__app_label", "codename")
            kept._perm_cache = {f"{app}.{codename}" for app, codename in names}
        return kept._perm_cache
