"""Many sign-ins at once, and large uploads without one: the real server stays small, answers, and writes no file."""

import re
import threading
from collections.abc import Iterator

import pytest
import requests

from tests.chaos.test_promises_large_bodies import memory
from tests.stack import PASSWORD, Stack

pytestmark = [pytest.mark.chaos, pytest.mark.prove, pytest.mark.quiet]
AT_ONCE, HASH = 40, 100 * 1024  # KiB
MANY = 2 * 2 * HASH + 80 * 1024  # two processes, two hashes each, and their threads


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One for both: what is measured is the most that was ever held, so the upload, which takes less, goes first."""
    var_dir = tmp_path_factory.mktemp("sign-in")
    (var_dir / "tmp").mkdir()
    with Stack(var_dir, TMPDIR=str(var_dir / "tmp")) as stack:
        yield stack


def form(stack: Stack, session: requests.Session) -> dict[str, str]:
    """The hidden fields of the sign-in page."""
    page = session.get(f"{stack.url}/login/", timeout=20).text
    return {"csrfmiddlewaretoken": re.findall(r'name="csrfmiddlewaretoken" value="([^"]*)"', page)[0]}


def at_once(stack: Stack, names: list[str]) -> list[int]:
    """The statuses of wrong passwords for these names, all sent together."""
    session = requests.Session()
    hidden, start, answers = form(stack, session), threading.Barrier(len(names)), list[int]()

    def guess(name: str) -> None:
        start.wait(30)
        entries = {**hidden, "username": name, "password": "wrong"}
        answer = requests.post(f"{stack.url}/login/", entries, cookies=session.cookies.get_dict(), timeout=60)
        answers.append(answer.status_code)

    threads = [threading.Thread(target=guess, args=[name]) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_a_large_upload_without_a_sign_in_is_refused_and_leaves_no_file(stack: Stack) -> None:
    form(stack, requests.Session())
    before = memory(stack)
    for megabytes in (1, 64):
        try:
            file = {"file": ("film.mp4", b"x" * megabytes * 1024 * 1024)}
            answer = requests.post(f"{stack.url}/login/", files=file, timeout=60)
            assert (answer.status_code, answer.headers["X-Frame-Options"]) == (413, "DENY")
        except requests.ConnectionError:
            continue  # it hung up before we had sent all
    assert requests.post(f"{stack.url}/login/", files={"file": b"x"}, timeout=20).status_code == 415
    chunks = (b"x" * 65_536 for _ in range(64))
    assert requests.post(f"{stack.url}/login/", data=chunks, timeout=20).status_code == 413
    assert memory(stack) - before < 24 * 1024
    assert list((stack.var_dir / "tmp").rglob("*.upload*")) == []


def test_many_sign_ins_at_once_take_little_memory_and_lock_nobody_else(stack: Stack) -> None:
    form(stack, requests.Session())
    before = memory(stack)
    answers = at_once(stack, [f"person{number}" for number in range(AT_ONCE)]) + at_once(stack, ["otto"] * AT_ONCE)
    assert len(answers) == 2 * AT_ONCE
    assert set(answers) <= {422, 503}
    assert memory(stack) - before < MANY
    counted = "AuditEntry.objects.filter(user__username='otto', action__startswith='sign_in.').count()"
    assert stack.ask(counted) <= 5
    session = requests.Session()
    entries = {**form(stack, session), "username": "demo", "password": PASSWORD}
    assert session.post(f"{stack.url}/login/", entries, timeout=30, allow_redirects=False).status_code == 302
