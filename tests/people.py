"""The people of the tests and their browsers: ana keeps staff, otto works, sam looks, vera reads."""

from django.test import Client

from accounts.account.models import Account
from console.people import roles
from console.people.models import User
from console.viewing import sessions
from console.viewing.models import WorkSession

PEOPLE = {"ana": "administrator", "otto": "operator", "sam": "support", "vera": "viewer"}
PASSWORD = "correct horse battery"
ACCOUNT = "acct_1TestsTestsTests1"
OTHER_ACCOUNT = "acct_1TestsTestsTests2"


def person(name: str) -> User:
    """One of PEOPLE, with their role; made once a test."""
    user, created = User.objects.get_or_create(username=name, defaults={"is_staff": True, "password": "!"})
    if created:
        roles.assign(user, PEOPLE[name])
    return user


def browser(name: str) -> Client:
    """A browser in which this person has signed in."""
    client = Client()
    client.force_login(person(name))
    return client


def known_accounts() -> None:
    """Two accounts that the mirror has, with the least that Stripe sends of one."""
    for account_id, name in ((ACCOUNT, "Alder Freight"), (OTHER_ACCOUNT, "Birch Bakery")):
        data = {"id": account_id, "object": "account", "business_profile": {"name": name}, "country": "US"}
        row = Account(id=account_id, account_id=account_id, data=data, as_of=1)
        row.set_columns()
        row.save()


def view_as(client: Client, account_id: str = ACCOUNT, **values: str) -> WorkSession:
    """Fill in the reason form for an account that the mirror has."""
    form = {
        "category": "routine",
        "reason": "Looking for the declined card",
        "ticket": "CS-1",
        "for_account": account_id,
        **values,
    }
    answer = client.post(f"/connect/accounts/{account_id}/view-as", form)
    assert answer.status_code == 302, answer.context["form"].errors
    return WorkSession.objects.get(user=client.session["_auth_user_id"], ended_at=None)


def work(client: Client, account_id: str = ACCOUNT) -> WorkSession:
    """View as the account, in work mode."""
    session = view_as(client, account_id)
    sessions.switch_mode(session, WorkSession.Mode.WORK)
    return session
