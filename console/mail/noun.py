"""What mail adds to the shell."""

from collections.abc import Iterable

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from console.mail.digest import DAILY_DIGEST
from console.mail.models import SETTLES, Mail
from console.mail.templates import Template
from console.mail.values import link
from console.people import roles
from console.people.signed_in import may_see, staff
from console.shell import figures, formats
from console.shell.badges import absent, no, off, ok, waits
from console.shell.nouns import COUNTED, Found, Item, MenuEntry, Noun, Queue, Search, Waiting

SEES = "console.view_mail"

TEST = Template(
    name="test",
    version=1,
    subject="{platform} console: a test",
    body="""\
This mail shows that the console of {platform} can send mail.

It stands here: {link}
""",
    values={"link": link},
)


def count() -> int:
    """How many mails a person must decide. One query."""
    return Mail.objects.needing_a_person().order_by()[:COUNTED].count()


def waiting(request: HttpRequest, most: int) -> Waiting:
    """One item for all mails that failed or are in doubt: a mail server that was away leaves hundreds. No deadline.

    It costs what the menu's count costs: one query, or none.
    """
    many = figures.waiting()["mails"].value
    may = staff(request).has_perm(SETTLES)
    who = "you decide" if may else f"{roles.who_may(SETTLES).lower()} decides"
    item = Item(
        title="A mail failed or is in doubt" if many == 1 else "Mails failed or are in doubt",
        why=f"Nothing is sent again by itself: {who}.",
        url=(url := undecided()),
        button="Decide" if may else "Open",
        button_url=url,
        more=max(many - 1, 0),
    )
    return Waiting([None] * many, [item] if many else [])


def undecided() -> str:
    """The list of those that a person must decide."""
    return f"{reverse('admin:console_mail_changelist')}?waiting=person"


def page_of(mail: Mail) -> str:
    """A mail's page."""
    return reverse("admin:console_mail_change", args=[mail.pk])


def page_of_id(mail_id: str) -> str:
    """The page of a mail by its id, "" for one that we do not have. One query."""
    mail = Mail.objects.only("pk").filter(pk=mail_id[:64]).first()
    return page_of(mail) if mail else ""


def find(request: HttpRequest, words: str) -> Iterable[Found]:
    """Mails by Message-ID, or to an address for those who may see it: ten at most; words without an @ cost no query."""
    if "@" not in words:
        return
    rows = Mail.objects.filter(message_id=f"<{words.strip('<>')}>")
    if may_see(request):
        rows = rows | Mail.objects.filter(to=words)
    for mail in rows.order_by("-created_at")[:10]:
        yield Found(label=mail.subject, url=page_of(mail), detail=formats.plain(mail.state), id=mail.pk)


MAILBOX = MenuEntry(label="Mailbox", url="mailbox", icon="note", permission=SEES, order=46)

NOUN = Noun(
    roles={"operator": (SEES,), "administrator": (SETTLES,)},
    menu=(
        MenuEntry(
            label="Mails", url="admin:console_mail_changelist", icon="mail", permission=SEES, order=45, queue="mails"
        ),
        *((MAILBOX,) if settings.SANDBOX else ()),
    ),
    queues=(
        Queue(
            name="mails",
            one="mail failed or in doubt",
            label="mails failed or in doubt",
            link=undecided,
            waiting=waiting,
            count=count,
            permission=SEES,
            order=15,
        ),
    ),
    mails=(TEST, DAILY_DIGEST),
    badges={
        "mail": {
            "queued": waits("Waits to be sent"),
            "sending": waits("Being sent"),
            "sent": ok("Sent"),
            "failed": no("Failed"),
            "unknown": absent("Unknown", "warn"),
            "dropped": off("Dropped"),
            "again": waits("Tried again"),
        }
    },
    searches=(Search(title="Mails", find=find, permission=SEES, order=95),),
    page_of={"mail_": page_of_id},
)
