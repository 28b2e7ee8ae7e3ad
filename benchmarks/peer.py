"""dj-stripe beside us: webhooks accepted, and accepted and mirrored, in one run on PostgreSQL.

`EVENTS=4000 python -m benchmarks peer`; 2,000 by default. Both get the same mix from the same sender and read from the
same stub of Stripe: we with two web and two worker processes, dj-stripe with PEER_WORKERS=2 web processes of
PEER_THREADS=16 threads as ours have (it works while it is asked, so it has no others). It runs in an environment of its
own, made anew from benchmarks/peer.txt in a temporary folder, or kept in PEER_VENV.

It is measured twice: as its documentation and its own handlers have it, each object read anew from Stripe; and by the
cheapest way that its code leaves open, objects as the events show them, which ends with old objects where events
overtake each other, so that the promise is held against the first.

The two do not do the same: we read an account's balances and balance transactions when its money moved, keep histories
of what changed and order events by their age. dj-stripe has no model of balances, and of a card or an authorization no
columns but id, owner, moment, mode and metadata; the rest of it is JSON.
"""

import filecmp
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from benchmarks import drain, mix, webhooks
from benchmarks.databases import SERVER, database
from benchmarks.peer_project.fill import ENDPOINT
from tests.stack import ROOT, free_ports, wait_until

EVENTS = int(os.environ.get("EVENTS", "2000"))
ACCOUNTS, ROUND = EVENTS // mix.EVENTS_EACH, EVENTS // 4  # of the mix; events of known accounts in a round
WORKERS, THREADS = os.environ.get("PEER_WORKERS", "2"), os.environ.get("PEER_THREADS", "16")
PROMISED = 4
LOCK = ROOT / "benchmarks" / "peer.txt"
SERVING = f"--workers={WORKERS} --threads={THREADS} --worker-class=gthread --keep-alive=15 --log-level=error".split()
PATH = f"/stripe/webhook/{ENDPOINT}/"
SETTINGS = {"each object read anew, as its handlers do": "0", "objects taken from the events": "1"}
NEWEST, CLOSED = "->'metadata'->>'turn' = '9'", "->>'status' = 'closed'"
OURS = {"accounts_account": NEWEST, "issuing_card": NEWEST, "issuing_authorization": CLOSED}
ITS = {"djstripe_account": NEWEST, "djstripe_issuing_card": NEWEST, "djstripe_issuing_authorization": CLOSED}


class CannotBeMadeError(Exception):
    """dj-stripe's environment."""


def measure() -> bool:
    """Print both and the ratios; True when they are what is promised, or dj-stripe cannot be had here."""
    its = mix.Mix(drain.templates(), ACCOUNTS + 2 * webhooks.ACCOUNTS)  # the last of them are accepted alone
    try:
        with environment() as python:
            ours, kept = measured_ours(its)
            found = [measured_peer(python, its, name, setting) for name, setting in SETTINGS.items()]
    except CannotBeMadeError as error:
        print(f"dj-stripe is not measured, its environment cannot be made here: {error}\n", flush=True)
        return True
    for name, (accepted, mirrored) in zip(SETTINGS, found, strict=True):
        ratios = (ours[0] / accepted, ours[1].rate / mirrored.rate, mirrored.each / ours[1].each)
        said = "{:.1f} × accepted, {:.1f} × accepted and mirrored, {:.1f} × as many events of a processor's second"
        print(f"We beside dj-stripe, {name}: {said.format(*ratios)}")
    print(f"         (promised beside the first: {PROMISED} × accepted and mirrored)\n", flush=True)
    return kept and ours[1].rate >= PROMISED * found[0][1].rate


@contextmanager
def environment() -> Iterator[str]:
    """The Python of an environment that holds what the lock names and nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(os.environ.get("PEER_VENV") or folder)
        python, kept = str(place / "bin" / "python"), place / LOCK.name
        if not (kept.exists() and filecmp.cmp(LOCK, kept, shallow=False)):
            made(sys.executable, "-m", "venv", "--clear", str(place))
            pip = ("-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--require-hashes", "--no-deps")
            made(python, *pip, "-r", str(LOCK))
            shutil.copy(LOCK, kept)
        yield python


def made(*command: str) -> None:
    """Run a command that makes the environment."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or f"it ends with {done.returncode}").splitlines()
        raise CannotBeMadeError(next((line for line in said if line.startswith("ERROR")), said[-1]))


def measured_ours(its: mix.Mix) -> tuple[tuple[float, webhooks.Mirrored], bool]:
    """Events of known accounts that we accept a second, the mix, and whether the first is what is promised."""
    with webhooks.receiver(SERVER, its) as (ours, here):
        rates = webhooks.compare(ours.port, webhooks.known(its), events=ROUND)
        kept = webhooks.report(rates, ROUND)
        with webhooks.working(ours, here) as both:
            found = webhooks.accepted_and_mirrored(both, its.events(accounts=ACCOUNTS))
        print(f"         {right(ours.url, OURS)}\n         {loads()}\n", flush=True)
    return (statistics.median(rates[webhooks.OURS]), found), kept


def measured_peer(python: str, its: mix.Mix, name: str, setting: str) -> tuple[float, webhooks.Mirrored]:
    """The same of dj-stripe, in one of its settings."""
    with peer(python, its, setting) as receiver:
        rates = webhooks.compare(receiver.port, webhooks.known(its), [PATH], ROUND)
        accepted = statistics.median(rates[PATH])
        found = webhooks.mirrored(receiver, its.events(accounts=ACCOUNTS), lambda: True)
        print(f"dj-stripe, {WORKERS} web processes, {name}:")
        print(f"         events of known accounts accepted (and mirrored) at {accepted:.0f}/s; the mix:")
        print(f"         {found}")
        print(f"         {right(receiver.url, ITS)}\n         {loads()}\n", flush=True)
    return accepted, found


@contextmanager
def peer(python: str, its: mix.Mix, setting: str) -> Iterator[webhooks.Receiver]:
    """dj-stripe's endpoint over its tables, which have the half of the mix that ours have."""
    with tempfile.TemporaryDirectory() as folder, database() as url, drain.stripe(its, Path(folder)) as address:
        (port,) = free_ports(1)
        around = {
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "benchmarks.peer_project.settings",
            "DATABASE_URL": url,
            "STRIPE_API_BASE": address,
            "PEER_SNAPSHOTS": setting,
        }
        fill = ("-m", "benchmarks.peer_project.fill", f"{folder}/mix.json", webhooks.SECRET)
        for command in (("-m", "django", "migrate", "--verbosity=0"), fill):
            subprocess.run([python, *command], cwd=ROOT, env=around, check=True)
        web = ("-m", "gunicorn", "django.core.wsgi:get_wsgi_application()", f"--bind=127.0.0.1:{port}", *SERVING)
        with webhooks.process(*web, python=python, **around) as pid:
            wait_until(lambda: webhooks.answers(port), 20, "dj-stripe's web server")
            yield webhooks.Receiver(port, PATH, url, address, {"web": pid})


def right(url: str, tables: dict[str, str]) -> str:
    """How many of the mix's objects stand as they stand at Stripe."""
    found = []
    with psycopg.connect(url.replace("postgres://", "postgresql://")) as connection:
        for table, stands in tables.items():
            data = "stripe_data" if table.startswith("djstripe") else "data"
            row = connection.execute(
                f"SELECT count(*) FILTER (WHERE {data}{stands}), count(*) FROM {table}"
                f" WHERE substring(id from '1Bench([0-9]{{8}})')::int < {ACCOUNTS}"
            ).fetchone()
            found.append("{:,} of {:,} {}s".format(*(row or (0, 0)), table.rpartition("_")[2]))
    return f"as at Stripe: {', '.join(found)}"


def loads() -> str:
    """What the machine is asked for now."""
    return "load {:.1f}, {:.1f} over five minutes".format(*os.getloadavg())


if __name__ == "__main__":
    sys.exit(0 if measure() else 1)
