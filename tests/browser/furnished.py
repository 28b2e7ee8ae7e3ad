"""A console with something on every page: the demo accounts, one that issues, work; long names, big amounts."""

from types import SimpleNamespace
from typing import Any, cast

from playwright.sync_api import Page

from tests.permissions import TABLE
from tests.sandbox.issuer import Issuer
from tests.sandbox_process import SandboxProcess
from tests.stack import Stack, wait_until

BIG = 1_234_567_890  # cents
LONG = "The Greater Chattahoochee Valley Mobile Veterinary and Large Animal Emergency Care Cooperative"
UNBROKEN = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
MERCHANT = {"name": "NIGHT*MARKET-WHOLESALE", "category": "stationery_stores_office_and_school_supply_stores"}
STRETCH = (  # what Stripe would refuse or a sandbox would take weeks for, written into the mirror
    f"Authorization.objects.update(amount={BIG}, requested={BIG})",
    f"Transaction.objects.update(amount=-{BIG})",
    f"Topup.objects.update(amount={BIG})",
    f"BalanceTransaction.objects.update(net=-{BIG})",
    f"Account.objects.filter(pk='{{account}}').update(name='{LONG}')",
    f"Authorization.objects.filter(approved=True).update(merchant_name='{UNBROKEN}')",
    f"Transaction.objects.update(merchant_name='{UNBROKEN}')",
    f"Cardholder.objects.update(name='{UNBROKEN[:64]}')",
)
IN_DOUBT = "Mail.objects.filter(pk=Mail.objects.latest('created_at').pk).update(state='unknown', error='550 No')"
NO_PAGES = (
    "healthz",
    "account_live",
    "bulk_run_live",
    "event_state",
    "mail_state",
    "operation_state",
    "jsi18n",
)  # what machines and scripts read
STANDS = (  # an account's brake stops no act here and is counted on every page; a freeze of long ago
    "Brake.objects.create(scope='account', target='acct_1Gone', account_name='Gone Ltd', livemode=False,"
    " reason='Card testing, seen by the network', set_by=User.objects.get(username='demo')).pk",
    f"str(Freeze.objects.create(user=User.objects.get(username='demo'), merchant='{UNBROKEN}', cards=3, accounts=2,"
    " reason='Card testing, seen by the network', form_token='1').pk)",
    "BulkRow.objects.create(run=BulkRun.objects.create(verb='issuing.deactivate_card', form_token='2', state='ended',"
    f" user=User.objects.get(username='demo'), reason='{LONG}', total=1, needs_a_person=True), position=1,"
    f" account_id='acct_1Gone', account_name='{UNBROKEN}', object_id='ic_1Gone', form_token='3', state='denied',"
    " why='There is no card ic_1Gone here.').pk",
)
MADE = """dict(
    user=User.objects.get(username='vera').pk,
    work_session=str(WorkSession.objects.latest('started_at').pk),
    access_entry=AccessEntry.objects.latest('pk').pk,
    audit_entry=AuditEntry.objects.latest('pk').pk,
    operation=str(Operation.objects.latest('created_at').pk),
    mail=Mail.objects.filter(state='unknown').latest('created_at').pk,
    kept_mail=Mail.objects.filter(state='sent').latest('created_at').pk,
    approval=str(Approval.objects.latest('asked_at').pk),
    event=Event.objects.filter(account='{account}').latest('created').pk,
    cardholder=Cardholder.objects.filter(account_id='{account}').latest('created').pk,
    card=Card.objects.filter(account_id='{account}', status='active').latest('created').pk,
    authorization=Authorization.objects.filter(account_id='{account}', approved=False).latest('created').pk,
    transaction=Transaction.objects.filter(account_id='{account}').latest('created').pk,
    job=str(Job.objects.latest('created_at').pk),
    topup=Topup.objects.filter(account_id='{account}').latest('created').pk,
    bulk_run=str(BulkRun.objects.latest('created_at').pk),
    brake=Brake.objects.latest('pk').pk,
    freeze=str(Freeze.objects.latest('at').pk),
)"""


def furnish(stack: Stack) -> str:
    """Make it all; returns the account that issues."""
    box = cast("SandboxProcess", SimpleNamespace(url=stack.sandbox_url, control=stack.control))
    issuer = Issuer(box, funds=100_000)
    card = issuer.card()["id"]
    held = [issuer.authorize(card, amount, merchant_data=MERCHANT)["id"] for amount in (1200, 2300, 40_000, 90_000)]
    issuer.act("capture", held[0])
    issuer.act("reverse", held[1])
    issuer.change_card(issuer.card()["id"], status="canceled")
    here = f"Account.objects.filter(pk='{issuer.account}').exists()"
    wait_until(lambda: stack.ask(here), 60, "the account that issues")
    said = ("--as", "demo", "--reason", "Funding for the first week")
    stack.command("create_topup", issuer.account, "--amount", "500", *said)
    stack.command("job", "export", "--set", "list=issuing.card", "--set", "format=csv", "--as", "demo", "--wait", "60")
    stack.command("create_topup", issuer.account, "--amount", "25000", *said, status=3)  # waits for a second person
    wait_until(lambda: not stack.control("deliveries")["due"], 60, "events delivered")
    wait_until(lambda: stack.ask("Event.objects.exclude(state='done').count()") == 0, 60, "events applied")
    for _ in range(2):
        stack.command("mail", "--to", f"{'v' * 60}@{UNBROKEN[:40]}.example", "--as", "demo")
    wait_until(lambda: stack.ask("Mail.objects.filter(state='sent').count()") == 2, 60, "mails in the mailbox")
    stack.ask(IN_DOUBT)
    for each in STRETCH:
        stack.ask(each.format(account=issuer.account))
    for each in STANDS:
        stack.ask(each)
    return issuer.account


def view_as(page: Page, account: str, *, work: bool = False) -> None:
    """Open a session, so that the account's own pages are reached and not only the question before them."""
    page.goto(f"/connect/accounts/{account}/view-as")
    page.get_by_label("In words").fill("Looking at every page there is")
    page.get_by_role("button", name="View as, look only").click()
    page.wait_for_load_state()
    if work:
        page.get_by_role("button", name="Switch to work").click()
        page.get_by_role("button", name="Back to look").wait_for()


def addresses(stack: Stack, account: str) -> dict[str, str]:
    """The path of every page that there is, by the name of its address (tests.permissions). A session must be open."""
    made: dict[str, Any] = {"account": account, **stack.ask(MADE.format(account=account))}
    read = {name: row for name, row in TABLE.items() if row.method == "get" and row.answer == 200}
    pages = {name: row for name, row in read.items() if row.lowest != "nobody" and name not in NO_PAGES}
    return {name: row.path.format(**made) for name, row in pages.items()}
