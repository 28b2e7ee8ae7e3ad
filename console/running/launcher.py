"""`make run`: sandbox, worker and web server under one launcher, on the loopback interface alone.

    python -m console.running.launcher [--no-seed]

Prints one line when all is ready. INT or TERM ends all three, by force after 10 seconds. A part that dies is started
again; one that keeps dying ends the launcher with its last lines.
"""

import argparse
import errno
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from console.running.processes import dying_with_me
from console.running.secrets_file import kept_secret, read_secret, write_secret
from console.running.starting import in_one_line, read_settings
from console.running.var_dir import locked
from gateway.addresses import DIRECT

ROOT = Path(__file__).resolve().parent.parent.parent
READY_SECONDS = 60
STOP_SECONDS = 10
MOST_STARTS = 10  # of one part within a minute


class LaunchError(Exception):
    """What stops a start, as one line for the person at the terminal."""


def holder_of(port: int) -> str:
    """`pid 123 (name)` of the process that listens on a loopback port, as far as /proc tells."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:] if Path(table).exists() else []:
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            found = os.readlink(link) in inodes
        except OSError:  # another user's process, or one that just ended
            continue
        if found:
            pid = link.parts[2]
            return f"pid {pid} ({Path(f'/proc/{pid}/comm').read_text().strip()})"
    return "a process of another user"


def check_port(port: int, variable: str) -> None:
    """Raise LaunchError that names the holder where the port is taken."""
    if not 0 < port < 65536:
        raise LaunchError(f"{variable}={port} is no port: choose one from 1 to 65535.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            why = f"is held by {holder_of(port)}" if error.errno == errno.EADDRINUSE else f"cannot be used ({error})"
            raise LaunchError(f"Port {port} {why}. Stop it, or set {variable} to another port.") from None


class Part:
    """One of the processes, with its log file below VAR_DIR/log."""

    def __init__(self, name: str, command: Sequence[str], var_dir: Path) -> None:
        self.name = name
        self.command = list(command)
        self.log = var_dir / "log" / f"{name}.log"
        self.starts: list[float] = []
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches the launcher alone."""
        self.starts = [at for at in self.starts if at > time.monotonic() - 60] + [time.monotonic()]
        if len(self.starts) > MOST_STARTS:
            raise LaunchError(f"{self.name} keeps ending. Its last lines ({self.log}):\n{self.last_lines()}")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=dying_with_me(),
            )

    def ended(self) -> bool:
        """Whether it runs no more."""
        return self.process is not None and self.process.poll() is not None

    def refused(self) -> str:
        """Its last line, where it ended by itself because something is wrong that another start would not mend."""
        said = self.process is not None and self.process.poll() == 1
        return f"{self.name}: {self.last_lines().rpartition(chr(10))[2]}" if said else ""

    def last_lines(self) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:]) if self.log.exists() else ""

    def signal(self, number: int) -> None:
        """Send a signal to its first process; by force, to its whole group."""
        if self.process is None:
            return
        try:
            if number == signal.SIGKILL:
                os.killpg(self.process.pid, number)
            elif self.process.poll() is None:
                self.process.send_signal(number)
        except ProcessLookupError:
            return


class Launcher:
    """Starts the parts in order, seeds, watches, and ends them."""

    def __init__(self, seed: bool) -> None:
        from django.conf import settings

        self.settings = settings
        self.seed = seed
        self.parts: list[Part] = []
        self.stopping = False

    def run(self) -> None:
        """Start everything, print the ready line, watch until a signal comes. One launcher has a VAR_DIR to itself."""
        file = self.settings.VAR_DIR / "launcher.lock"
        with locked(file, wait=False) as alone:
            if not alone:
                words = f"Another `make run` (pid {file.read_text().strip()}) uses VAR_DIR={self.settings.VAR_DIR}."
                raise LaunchError(f"{words} Stop it, or set VAR_DIR to another folder.")
            self.run_alone()

    def run_alone(self) -> None:
        """The same, with the lock."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.on_signal)
        try:
            self.start()
            while not self.stopping:
                self.watch()
                time.sleep(0.2)
        finally:
            self.stop()

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """Begin to stop; a start that is under way is left at once."""
        if not self.stopping:
            self.stopping = True
            raise KeyboardInterrupt

    def start(self) -> None:
        """Ports, database, static files, then the parts."""
        settings = self.settings
        check_port(settings.PORT, "PORT")
        if settings.SANDBOX:
            check_port(settings.SANDBOX_PORT, "SANDBOX_PORT")
            if settings.SANDBOX_PORT == settings.PORT:
                raise LaunchError(f"PORT and SANDBOX_PORT are both {settings.PORT}: choose two.")
            self.launch_sandbox()
        self.manage(["migrate", "--verbosity=0"], ["collectstatic", "--noinput", "--verbosity=0"])
        if settings.SANDBOX:
            self.wait_for(f"http://127.0.0.1:{settings.SANDBOX_PORT}/_sandbox/clock", "sandbox")
        self.manage(["bind"])
        password = self.demo_password() if settings.DEMO_USERS else ""
        wanted = {"register_webhooks": settings.SANDBOX, "demo_users": settings.DEMO_USERS}
        self.manage(*([name, "--verbosity=0"] for name, each in wanted.items() if each))
        self.launch("web", *web_command(settings.PORT))
        self.launch("worker", sys.executable, "manage.py", "worker")
        self.wait_for(f"{settings.CONSOLE_URL}/readyz", "web")
        if self.seed and settings.SANDBOX:
            self.manage(["seed_accounts"])
        who = f"  user: demo  password: {password}" if password else ""
        print(f"Console ready: http://127.0.0.1:{settings.PORT}/{who}", flush=True)

    def launch_sandbox(self) -> None:
        """The sandbox, with its store below VAR_DIR."""
        port, store = self.settings.SANDBOX_PORT, self.settings.VAR_DIR / "sandbox.sqlite3"
        self.launch("sandbox", sys.executable, "-m", "sandbox", "--port", str(port), "--store", str(store))

    def demo_password(self) -> str:
        """The password of the demo users, as their command reads it: DEMO_PASSWORD, else made once and kept."""
        file = self.settings.VAR_DIR / "demo_password"
        given = os.environ.get("DEMO_PASSWORD", "")
        if given and read_secret(file) != given:
            write_secret(file, given)
        os.environ["DEMO_PASSWORD"] = password = given or kept_secret(file)[:16]
        return password

    def manage(self, *commands: Sequence[str]) -> None:
        """Run management commands side by side to their ends; raise LaunchError with the output of one that fails."""
        running = [
            subprocess.Popen(
                [sys.executable, "manage.py", *command],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
                preexec_fn=dying_with_me(),
            )
            for command in commands
        ]
        try:
            said = [each.communicate() for each in running]
        finally:
            for each in running:
                each.kill()
        for each, command, (output, errors) in zip(running, commands, said, strict=True):
            if each.returncode:
                words = (errors or output).strip()
                gap = "\n" if "\n" in words else " "
                raise LaunchError(f"manage.py {' '.join(command)} failed:{gap}{words}")

    def launch(self, name: str, *command: str) -> None:
        """Start one part and remember it."""
        part = Part(name, command, self.settings.VAR_DIR)
        self.parts.append(part)
        part.start()

    def wait_for(self, url: str, name: str) -> None:
        """Poll until the address answers 200; parts that end meanwhile are started again."""
        until = time.monotonic() + READY_SECONDS
        part = next(part for part in self.parts if part.name == name)
        while time.monotonic() < until:
            if said := part.refused():
                raise LaunchError(said)
            self.watch()
            try:
                with DIRECT.open(url, timeout=5) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise LaunchError(f"{name} was not ready within {READY_SECONDS} s. Its last lines:\n{part.last_lines()}")

    def watch(self) -> None:
        """Start again what has ended."""
        for part in self.parts:
            if part.ended() and not self.stopping:
                print(f"{part.name} ended, starting it again ({part.log})", file=sys.stderr, flush=True)
                part.start()

    def stop(self) -> None:
        """TERM to all, then force for what is left after 10 seconds. A second signal changes nothing."""
        self.stopping = True
        for part in reversed(self.parts):
            part.signal(signal.SIGTERM)
        until = time.monotonic() + STOP_SECONDS
        while time.monotonic() < until and not all(part.ended() for part in self.parts):
            time.sleep(0.05)
        for part in self.parts:
            part.signal(signal.SIGKILL)


def web_command(port: int) -> list[str]:
    """The web server, as in production: gunicorn with threads, static files by whitenoise."""
    return [sys.executable, "-m", "gunicorn", "--config", "console/running/gunicorn.py", "--bind", f"127.0.0.1:{port}"]


def main() -> int:
    """Run the launcher; returns the exit status."""
    parser = argparse.ArgumentParser(prog="make run", description="Sandbox, worker and web server together.")
    parser.add_argument("--no-seed", action="store_true", help="start with an empty sandbox")
    options = parser.parse_args()
    os.umask(0o077)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    with in_one_line():
        read_settings()
    try:
        Launcher(seed=not options.no_seed).run()
    except LaunchError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename or 'VAR_DIR'} cannot be used: {error.strerror or error}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
