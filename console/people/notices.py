"""What a member of staff is mailed about their own sign-in: that it was changed, so that a theft does not go unseen."""

from django.utils import timezone

from console.mail import mails
from console.mail.templates import Template
from console.mail.values import link, moment, one_of
from console.people.models import User

DIGEST = "console.view_auditentry"  # whom the daily digest is for: it names the audit trail's head
SIGN_IN_CHANGED = Template(
    name="sign_in_changed",
    version=1,
    subject="{platform} console: {what}",
    body="""\
{what}, on {at}.

If that was you, or was done for you, nothing needs to be done.
If it was not, tell an administrator at once: they can shut your sign-in and set a new password.

What is yours there: {link}

This mail was sent by the console of {platform}. It never asks for a password.
""",
    values={
        "what": one_of(
            {
                "password_changed": "Your password was changed",
                "password_set": "An administrator set your password",
                "token_made": "A personal token was made in your name",
            }
        ),
        "at": moment,
        "link": link,
    },
)


def tell(person: User, what: str, *, user: User) -> None:
    """Mail somebody that their sign-in was changed by `user`, in the same transaction; nothing without an address."""
    if mails.is_address(person.email):
        values = {"what": what, "at": timezone.now(), "link": "me"}
        mails.queue("sign_in_changed", person.email, values, user=user)
