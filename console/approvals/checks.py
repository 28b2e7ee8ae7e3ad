"""Errors of the policy, as system checks with ids and hints."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from console.approvals import policy
from console.operations import verbs

HINT = "See docs/approvals.md."


@register()
def policy_is_whole(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """It can be read, names every verb and no other, and gives no rules to what never waits."""
    try:
        found = policy.current()
    except (OSError, ValueError) as problem:
        path = settings.APPROVAL_POLICY
        return [Error(f"The policy {path} cannot be read: {problem}", hint=HINT, id="console.E008")]
    names = [verb.name for verb in verbs.every()]
    return [Error(problem, hint=HINT, id="console.E009") for problem in found.problems(names)]
