"""Work sessions: opened with a reason, looking first, ended by time, click, sign-out or another account, and sealed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from console.people import roles
from console.record.models import AuditEntry
from console.viewing import access, sessions
from console.viewing.models import AccessEntry, WorkSession
from tests.people import ACCOUNT, OTHER_ACCOUNT, browser, known_accounts, person, view_as, work

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("accounts")]
PAGE = f"/{ACCOUNT}/out/ic_1"  # any page below an account
START = f"/connect/accounts/{ACCOUNT}/view-as"
FORM = {"category": "incident", "reason": "Card used in two countries", "ticket": "CS-9", "for_account": ACCOUNT}


@pytest.fixture
def accounts() -> None:
    known_accounts()


def actions() -> list[str]:
    """What the audit trail says, sign-ins aside."""
    rows = AuditEntry.objects.order_by("number").values_list("action", flat=True)
    return [action for action in rows if not action.startswith("sign_")]


def age(session: WorkSession, **moments: timedelta) -> None:
    """Move moments of a session into the past."""
    WorkSession.objects.filter(pk=session.pk).update(**{name: timezone.now() - past for name, past in moments.items()})


def test_a_page_of_an_account_asks_for_the_reason_and_then_opens() -> None:
    sam = browser("sam")
    asked = sam.get(f"{PAGE}?tab=limits")
    assert asked["Location"] == f"{START}?next=%2F{ACCOUNT}%2Fout%2Fic_1%3Ftab%3Dlimits"
    started = sam.post(asked["Location"], FORM)
    assert started["Location"] == f"{PAGE}?tab=limits"
    assert sam.get(PAGE).status_code == 200
    session = WorkSession.objects.get()
    assert (session.mode, session.reason, session.ticket) == ("look", "Card used in two countries", "CS-9")
    assert session.account_name == "Alder Freight"
    assert actions() == ["session.started"]


@pytest.mark.parametrize(
    "wrong", [{"reason": "too short"}, {"reason": "  " * 20}, {"category": "curiosity"}, {"reason": "x" * 1001}]
)
def test_a_poor_reason_opens_nothing_and_keeps_what_was_typed(wrong: dict[str, str]) -> None:
    answer = browser("sam").post(START, {**FORM, **wrong})
    assert answer.status_code == 422
    assert answer.context["form"].errors
    assert answer.context["form"]["ticket"].value() == "CS-9"
    assert not WorkSession.objects.exists()


def test_an_unknown_account_is_not_found() -> None:
    assert browser("sam").get("/connect/accounts/acct_1Nowhere/view-as").status_code == 404


def test_a_viewer_may_not_view_as() -> None:
    assert browser("vera").get(PAGE).status_code == 403
    assert browser("vera").post(START, FORM).status_code == 403


def test_with_a_session_the_form_is_passed_over_unless_asked_for() -> None:
    sam = browser("sam")
    view_as(sam)
    assert sam.get(f"{START}?next={PAGE}")["Location"] == PAGE
    assert sam.get(f"{START}?again=").status_code == 200


def test_an_earlier_reason_of_ones_own_can_be_used_again() -> None:
    sam = browser("sam")
    mine = view_as(sam, reason="Top-up did not arrive", ticket="CS-4790")
    theirs = view_as(browser("otto"), reason="Not for anybody else's eyes")
    assert sam.get(f"{START}?again={mine.pk}").context["form"].initial["reason"] == "Top-up did not arrive"
    assert sam.get(f"{START}?again={theirs.pk}").context["form"].initial == {}
    assert [session.pk for session in sam.get(f"{START}?again=x").context["last_reasons"]] == [mine.pk]


def test_every_page_is_recorded_without_its_query() -> None:
    sam = browser("sam")
    session = view_as(sam)
    sam.get(f"/{ACCOUNT}/out/ic_1?q=Priya+Raman")
    sam.get(f"/{ACCOUNT}/out/nothing_1")
    assert list(AccessEntry.objects.order_by("pk").values_list("kind", "path", "work_session")) == [
        ("page", f"/{ACCOUNT}/out/ic_1", session.pk),
        ("link_out", f"/{ACCOUNT}/out/ic_1", session.pk),
        ("page", f"/{ACCOUNT}/out/nothing_1", session.pk),
    ]


def test_a_click_ends_it_and_seals_what_was_seen() -> None:
    sam = browser("sam")
    session = view_as(sam)
    sam.get(PAGE)
    seal = sessions.seal(session)
    answer = sam.post(f"{START}/end", {"for_account": ACCOUNT})
    assert answer["Location"] == f"/connect/accounts/{ACCOUNT}"
    entry = AuditEntry.objects.first()
    assert entry
    assert (entry.action, entry.detail) == ("session.ended", {"end": "click", **seal})
    assert seal["accesses"] == 2
    assert sam.get(PAGE).status_code == 302


def test_the_seal_shows_a_changed_entry() -> None:
    sam = browser("sam")
    session = view_as(sam)
    sam.get(PAGE)
    before = sessions.seal(session)
    AccessEntry.objects.filter(work_session=session)._update(
        [(AccessEntry._meta.get_field("path"), None, "/elsewhere")]
    )
    assert sessions.seal(session)["sha256"] != before["sha256"]


def test_it_ends_once() -> None:
    session = view_as(browser("sam"))
    sessions.end(session, WorkSession.End.CLICK)
    sessions.end(session, WorkSession.End.SIGN_OUT)
    session.refresh_from_db()
    assert session.end == "click"
    assert actions() == ["session.started", "session.ended"]


def test_sign_out_ends_it() -> None:
    sam = browser("sam")
    session = view_as(sam)
    sam.post("/logout/")
    session.refresh_from_db()
    assert session.end == "sign_out"


def test_shutting_somebody_out_ends_it() -> None:
    session = view_as(browser("sam"))
    browser("ana").post(f"/staff/{person('sam').pk}", {"role": "support"})
    session.refresh_from_db()
    assert session.ended_at


def test_opening_another_account_replaces_it() -> None:
    sam = browser("sam")
    first = view_as(sam)
    assert sam.get(f"/{OTHER_ACCOUNT}/out/ic_1").status_code == 302
    view_as(sam, OTHER_ACCOUNT)
    first.refresh_from_db()
    assert first.end == "replaced"
    assert sam.get(PAGE).status_code == 302


def test_another_browser_of_the_same_person_needs_its_own() -> None:
    view_as(browser("sam"))
    assert browser("sam").get(PAGE).status_code == 302


@pytest.mark.parametrize(
    ("moments", "end"),
    [
        ({"last_seen_at": timedelta(minutes=30)}, "idle"),
        ({"started_at": timedelta(hours=8)}, "life"),
        ({"started_at": timedelta(hours=9), "last_seen_at": timedelta(minutes=40)}, "life"),
    ],
)
def test_time_ends_it(moments: dict[str, timedelta], end: str) -> None:
    sam = browser("sam")
    session = view_as(sam)
    age(session, **moments)
    assert sam.get(PAGE).status_code == 302
    assert sessions.sweep() == 1
    assert sessions.sweep() == 0
    session.refresh_from_db()
    assert session.end == end


def test_use_keeps_it_alive() -> None:
    sam = browser("sam")
    session = view_as(sam)
    age(session, last_seen_at=timedelta(minutes=29))
    sam.get(PAGE)
    session.refresh_from_db()
    assert timezone.now() - session.last_seen_at < timedelta(minutes=1)
    assert sessions.sweep() == 0


def test_work_mode_needs_its_own_permission() -> None:
    sam, otto = browser("sam"), browser("otto")
    group = person("sam").groups.get()
    group.permissions.remove(*group.permissions.filter(codename="work_as"))
    post = {"mode": "work", "for_account": ACCOUNT, "next": PAGE}
    looking, working = view_as(sam), view_as(otto)
    assert sam.post(f"{START}/mode", post).status_code == 403
    assert otto.post(f"{START}/mode", post)["Location"] == PAGE
    looking.refresh_from_db(), working.refresh_from_db()
    assert (looking.mode, working.mode) == ("look", "work")
    assert otto.post(f"{START}/mode", {**post, "mode": "look"}).status_code == 302
    assert actions().count("session.mode_changed") == 2


@pytest.mark.parametrize("mode", ["", "play", "WORK"])
def test_there_are_two_modes(mode: str) -> None:
    otto = browser("otto")
    view_as(otto)
    assert otto.post(f"{START}/mode", {"mode": mode, "for_account": ACCOUNT}).status_code == 400


def test_a_form_drawn_for_another_account_is_refused_and_recorded() -> None:
    otto = browser("otto")
    session = view_as(otto)
    assert otto.post(f"{START}/mode", {"mode": "work", "for_account": OTHER_ACCOUNT}).status_code == 403
    assert otto.post(f"{START}/mode", {"mode": "work"}).status_code == 403
    session.refresh_from_db()
    assert session.mode == "look"
    assert list(AccessEntry.objects.values_list("kind", flat=True)) == ["refused", "refused"]


@pytest.mark.parametrize("drawn_for", ["", OTHER_ACCOUNT])
def test_a_reason_or_an_end_meant_for_another_account_does_nothing(drawn_for: str) -> None:
    sam = browser("sam")
    assert sam.post(START, {**FORM, "for_account": drawn_for}).status_code == 403
    session = view_as(sam)
    assert sam.post(f"{START}/end", {"for_account": drawn_for}).status_code == 403
    session.refresh_from_db()
    assert session.ended_at is None


def test_a_post_without_a_session_is_refused_and_not_led_away() -> None:
    assert browser("otto").post(f"{START}/mode", {"mode": "work", "for_account": ACCOUNT}).status_code == 403


def test_a_session_does_not_outlive_the_right_to_it() -> None:
    otto = browser("otto")
    work(otto)
    roles.assign(person("otto"), "viewer")
    assert otto.get(PAGE).status_code == 403


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "/\t/evil.example",
        f"//evil.example/{ACCOUNT}/",
        f"/{ACCOUNT}\\@evil.example/",
        f"/{ACCOUNT}//evil.example",
        f"/{ACCOUNT}/../staff/",
        f"/{ACCOUNT}/%2e%2e/staff/",
        f"/{ACCOUNT}x/",
        f"/{OTHER_ACCOUNT}/out/ic_1",
        f"/connect/accounts/{OTHER_ACCOUNT}",
        f"/{ACCOUNT}/\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        f"javascript://{ACCOUNT}/%0aalert(1)",
        "data:text/html,x",
        "/staff/",
        "/",
        ACCOUNT,
        f"http:/{ACCOUNT}/",
        f"http://{ACCOUNT}/",
        f"@evil.example/{ACCOUNT}/",
        f".evil.example/{ACCOUNT}/",
        f"/.evil.example/{ACCOUNT}/",
        f"///{ACCOUNT}/",
        f"/%2fevil.example/{ACCOUNT}/",
        f"\\/{ACCOUNT}/",
        "/" + "a" * 5000,
        f" /{ACCOUNT}/",
        f"/{ACCOUNT}/..;/staff/",
    ],
)
def test_a_hostile_target_leads_to_the_account_itself(target: str) -> None:
    answer = browser("sam").post(START, {**FORM, "next": target})
    assert answer.status_code == 302
    assert answer["Location"].startswith((f"/{ACCOUNT}/", f"/connect/accounts/{ACCOUNT}"))
    assert answer["Location"] != target
    assert access.safe_next(target, ACCOUNT) == ""


def test_a_target_with_a_nul_byte_leads_nowhere() -> None:
    target = f"/{ACCOUNT}/\x00"
    assert browser("sam").post(START, {**FORM, "next": target}).status_code == 400
    assert access.safe_next(target, ACCOUNT) == ""


@pytest.mark.parametrize(
    "target", [f"/{ACCOUNT}/activity", f"/{ACCOUNT}/a?x=//y", f"/connect/accounts/{ACCOUNT}#persons"]
)
def test_pages_of_the_account_are_good_targets(target: str) -> None:
    assert access.safe_next(target, ACCOUNT) == target


@pytest.mark.parametrize("again", ["²", "１", "٣", "-1", "1_0", "9" * 40])
def test_an_earlier_reason_that_is_no_number_is_none(again: str) -> None:
    known_accounts()
    answer = browser("sam").get(f"/connect/accounts/{ACCOUNT}/view-as", {"again": again})
    assert answer.status_code == 200
