"""Backup and restore: what is refused, what is left behind, what is copied."""

import json
import os
import sqlite3
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from console.running import backup, backup_databases
from console.running.backup_databases import BackupError
from gateway.models import Binding
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db
SECRETS = {"secret_key": "s1\n", "webhook_secret_platform": "whsec_1\nwhsec_2\n", "something_new": "é\n"}
NO_SECRETS = [
    "console.sqlite3",
    "console.sqlite3-wal",
    "sandbox.sqlite3.12ab.copy",
    "worker.here.pgid",
    "secret_key.7.part",
]


@pytest.fixture
def var_dir(settings: Any, tmp_path: Path) -> Path:
    """An installation's VAR_DIR; no sandbox answers."""
    settings.VAR_DIR, settings.STRIPE_API_BASE = tmp_path / "var", "http://127.0.0.1:9"
    (tmp_path / "var" / "log").mkdir(parents=True)
    for name, content in SECRETS.items():
        (tmp_path / "var" / name).write_text(content, "utf-8")
    for name in NO_SECRETS:
        (tmp_path / "var" / name).touch()
    return tmp_path / "var"


@pytest.fixture
def made(var_dir: Path, tmp_path: Path) -> Path:
    """A backup."""
    backup.make(tmp_path / "made")
    return tmp_path / "made"


@pytest.fixture
def elsewhere(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another machine's VAR_DIR, with an empty SQLite database."""
    settings.VAR_DIR = tmp_path / "elsewhere"
    settings.VAR_DIR.mkdir()
    monkeypatch.setitem(connection.settings_dict, "NAME", str(settings.VAR_DIR / "console.sqlite3"))
    return tmp_path / "elsewhere"


only_sqlite = pytest.mark.skipif(
    bool(os.environ.get("TEST_DATABASE_URL")), reason="a file stands for the empty database"
)


def test_a_backup_holds_the_database_and_every_secret_for_its_owner_alone(made: Path) -> None:
    names = {str(path.relative_to(made)) for path in made.rglob("*") if path.is_file()}
    secrets = {f"secrets/{name}" for name in SECRETS}
    assert names == {"manifest.json", backup_databases.file_name()} | secrets
    assert {name: (made / "secrets" / name).read_text("utf-8") for name in SECRETS} == SECRETS
    assert {path.stat().st_mode & 0o777 for path in made.rglob("*") if path.is_file()} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in (made, made / "secrets")} == {0o700}


def test_nothing_is_left_beside_a_backup(made: Path) -> None:
    assert sorted(path.name for path in made.parent.iterdir()) == ["made", "var"]


@pytest.mark.parametrize("there", ["full", "empty", "file", "link"])
def test_a_backup_never_writes_over_anything(var_dir: Path, tmp_path: Path, there: str) -> None:
    folder = tmp_path / "made"
    if there in ("full", "empty"):
        folder.mkdir()
    if there == "full":
        (folder / "manifest.json").write_text("another")
    elif there == "file":
        folder.write_text("another")
    elif there == "link":
        folder.symlink_to(tmp_path / "nowhere")
    with pytest.raises(BackupError, match="never writes over"):
        backup.make(folder)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made", "var"]


def test_a_backup_that_fails_leaves_nothing(var_dir: Path, tmp_path: Path) -> None:
    (var_dir / "sandbox.sqlite3").write_text("no database at all, and long enough to be taken for a header of one" * 9)
    with pytest.raises(BackupError, match="not a database"):
        backup.make(tmp_path / "made")
    assert [path.name for path in tmp_path.iterdir()] == ["var"]


def test_a_place_that_is_not_there_is_named(var_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="nowhere is no folder"):
        call_command("backup", str(tmp_path / "nowhere" / "made"))


def test_a_database_of_another_mode_is_not_copied_under_a_wrong_name(var_dir: Path, tmp_path: Path) -> None:
    Binding.objects.create(mode="live")
    with pytest.raises(BackupError, match=r"gateway\.E013"):
        backup.make(tmp_path / "made")


@only_sqlite
def test_a_database_that_is_not_there_is_not_made_for_the_backup(elsewhere: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="is not there"):
        backup.make(tmp_path / "made")
    assert list(elsewhere.iterdir()) == []


def cut_short(folder: Path) -> None:
    path = folder / backup_databases.file_name()
    path.write_bytes(path.read_bytes()[:-1])


def alter(folder: Path) -> None:
    (folder / "secrets" / "secret_key").write_text("s2\n")


def lose_a_file(folder: Path) -> None:
    (folder / "secrets" / "secret_key").unlink()


def lose_the_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def cut_the_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_text('{"format": 1, "files"')


def name_another_format(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"format": 2}))


def point_elsewhere(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"] |= {"secrets/../../var/secret_key": manifest["files"]["secrets/secret_key"]}
    (folder / "manifest.json").write_text(json.dumps(manifest))


BROKEN = [cut_short, alter, lose_a_file, lose_the_manifest, cut_the_manifest, name_another_format, point_elsewhere]


@pytest.mark.parametrize("harm", BROKEN)
@pytest.mark.parametrize("options", [[], ["--check"]])
def test_a_backup_that_is_not_whole_is_never_taken_for_one(made: Path, harm: Any, options: list[str]) -> None:
    harm(made)
    with pytest.raises(CommandError, match=r"not a whole backup|another release"):
        call_command("restore", *options, str(made))


def test_a_whole_backup_is_told_so_wherever_it_is_asked(made: Path) -> None:
    out = StringIO()
    call_command("restore", "--check", str(made), stdout=out)
    assert "is whole: sandbox mode" in out.getvalue()


def test_a_database_that_holds_anything_is_not_written_over(made: Path) -> None:
    with pytest.raises(CommandError, match="Restore"):
        call_command("restore", str(made))


@pytest.mark.parametrize(("name", "value"), [("mode", "live"), ("database", "oracle")])
def test_a_backup_of_another_kind_is_refused(made: Path, name: str, value: str) -> None:
    manifest = json.loads((made / "manifest.json").read_text())
    (made / "manifest.json").write_text(json.dumps(manifest | {name: value}))
    with pytest.raises(BackupError, match=f"The backup is of {value}"):
        backup.restore(made)


@only_sqlite
def test_what_is_restored_is_what_was_there(made: Path, elsewhere: Path) -> None:
    (elsewhere / "secret_key").write_text("made by the settings a moment ago\n")
    backup.restore(made)
    assert {name: (elsewhere / name).read_text("utf-8") for name in SECRETS} == SECRETS
    assert (elsewhere / "console.sqlite3").read_bytes() == (made / "console.sqlite3").read_bytes()
    assert {path.stat().st_mode & 0o777 for path in elsewhere.iterdir()} == {0o600}
    assert len(list(elsewhere.iterdir())) == len(SECRETS) + 1


@only_sqlite
def test_a_restore_that_stopped_half_way_is_run_again(made: Path, elsewhere: Path) -> None:
    backup.restore(made)
    (elsewhere / "console.sqlite3").write_bytes(b"")  # the database comes last
    backup.restore(made)
    assert (elsewhere / "console.sqlite3").read_bytes() == (made / "console.sqlite3").read_bytes()


@only_sqlite
@pytest.mark.parametrize("name", ["webhook_secret_platform", "console.sqlite3", "console.sqlite3-wal"])
def test_a_place_that_is_not_empty_is_left_as_it_is(made: Path, elsewhere: Path, name: str) -> None:
    (elsewhere / name).write_text("of somebody else\n")
    with pytest.raises(BackupError, match=f"{name} exists"):
        backup.restore(made)
    assert [(path.name, path.read_text()) for path in elsewhere.iterdir()] == [(name, "of somebody else\n")]


def test_what_the_environment_held_is_named_and_not_kept(
    var_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_test_of_the_environment")
    out = StringIO()
    call_command("backup", str(tmp_path / "made"), stdout=out)
    assert "Not in it, because the environment has them: STRIPE_SECRET_KEY" in out.getvalue()
    held = b"".join(path.read_bytes() for path in (tmp_path / "made").rglob("*") if path.is_file())
    assert b"sk_test_of_the_environment" not in held
    monkeypatch.delenv("STRIPE_SECRET_KEY")
    call_command("restore", "--check", str(tmp_path / "made"), stdout=out)
    assert "has them no more: STRIPE_SECRET_KEY" in out.getvalue()


def objects(store: Path) -> int:
    with closing(sqlite3.connect(store)) as connected:
        return int(connected.execute("SELECT count(*) FROM object WHERE kind = 'account'").fetchone()[0])


def test_the_sandbox_copies_its_store_while_it_runs(var_dir: Path, tmp_path: Path, settings: Any) -> None:
    with SandboxProcess(store=tmp_path / "box" / "sandbox.sqlite3") as box:
        settings.STRIPE_API_BASE = box.url
        box.api("POST", "/v1/accounts", {"type": "custom", "country": "US"})
        backup.make(tmp_path / "made")
        box.api("POST", "/v1/accounts", {"type": "custom", "country": "US"})
        assert not [path for path in (tmp_path / "box").iterdir() if path.name.endswith(".copy")]
    assert objects(tmp_path / "made" / "sandbox.sqlite3") == 1
    assert sorted(path.name for path in (tmp_path / "made").iterdir() if "sandbox" in path.name) == ["sandbox.sqlite3"]


@pytest.mark.parametrize("ending", ["stop", "kill"])
def test_the_store_of_a_sandbox_that_has_ended_is_copied_whole(var_dir: Path, tmp_path: Path, ending: str) -> None:
    with SandboxProcess(store=var_dir / "sandbox.sqlite3") as box:
        box.api("POST", "/v1/accounts", {"type": "custom", "country": "US"})
        getattr(box, ending)()  # a killed one leaves its last words beside the store
    backup.make(tmp_path / "made")
    assert objects(tmp_path / "made" / "sandbox.sqlite3") == 1


def test_a_store_that_another_process_keeps_from_us_is_no_backup(var_dir: Path, tmp_path: Path) -> None:
    with SandboxProcess(store=var_dir / "sandbox.sqlite3"), pytest.raises(BackupError, match="locked"):
        backup.make(tmp_path / "made")
    assert not (tmp_path / "made").exists()
