"""Make `.venv` what the requirements say, with the standard library alone: `environment.py [--dev]`.

Runs before anything is installed, on any Python 3, so that a Python that is too old gets one clear line.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import NoReturn

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")


def fail(line: str) -> "NoReturn":
    """End with one line on standard error."""
    sys.stderr.write(line + "\n")
    sys.exit(1)


def check_python() -> None:
    """Refuse a Python that cannot do it, and say what to install."""
    if sys.version_info < (3, 11):
        fail("Python 3.11 or newer is needed; this is {}.{} ({}).".format(*sys.version_info[:2], sys.executable))
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        fail("Python's venv module is missing. On Debian: apt-get install python3-venv")


def digest(name: str) -> str:
    """SHA-256 of a requirements file together with the Python it was installed for."""
    with open(os.path.join(ROOT, name), "rb") as file:
        return hashlib.sha256(sys.version.encode() + file.read()).hexdigest()


def mark(name: str) -> str:
    """The file inside the environment that says which version of a requirements file is installed."""
    return os.path.join(VENV, "installed-" + name)


def installed(name: str) -> str:
    """What the mark says, or "" where there is none."""
    try:
        with open(mark(name), encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""


def run(*command: str) -> None:
    """Run one step; its own message stands when it fails."""
    if subprocess.call(command) != 0:
        fail("This failed: " + " ".join(command))


def install(name: str) -> None:
    """Install one locked file, and mark it when it is whole."""
    print(f"Installing {name} …", flush=True)
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--require-hashes", "--no-deps"]
    run(*pip, "-r", os.path.join(ROOT, name))  # the lock is complete: nothing is resolved again
    with open(mark(name), "w", encoding="utf-8") as file:
        file.write(digest(name))


def works() -> bool:
    """Whether the environment's Python is the one that runs this, and starts."""
    try:
        version = subprocess.check_output([PYTHON, "-c", "import sys; print(sys.version)"])
    except (OSError, subprocess.CalledProcessError):
        return False
    return version.decode().strip() == sys.version.strip()


def main() -> None:
    """Create, repair or renew the environment; nothing is done where nothing changed."""
    check_python()
    names = ["requirements.txt"] + (["requirements-dev.txt"] if "--dev" in sys.argv[1:] else [])
    if not installed(names[0]) or not works():
        shutil.rmtree(VENV, ignore_errors=True)
        print(f"Making {VENV} …", flush=True)
        run(sys.executable, "-m", "venv", VENV)
    for name in names:
        if installed(name) != digest(name):
            install(name)


if __name__ == "__main__":
    main()
