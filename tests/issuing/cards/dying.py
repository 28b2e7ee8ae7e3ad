"""A process killed while it makes a card: `python -m tests.issuing.cards.dying when account cardholder`.

`when` is before, in or after its call.
"""

import sys

import django


def main(when: str, account_id: str, cardholder_id: str) -> None:
    """Perform one operation and die before, in, or after its call."""
    django.setup()
    from accounts.account.models import Account
    from console.operations import attempts, verbs
    from tests.console.dying import die
    from tests.issuing.conftest import perform

    if when == "before":
        attempts.attempt = die
    if when == "after":
        attempts.finish = die
    if when == "in":
        verb = verbs.get("issuing.create_card")
        send = verb.send
        object.__setattr__(verb, "send", lambda *its: die(send(*its)))
    perform("create_card", Account.objects.get(pk=account_id), cardholder=cardholder_id)


if __name__ == "__main__":
    main(*sys.argv[1:])
