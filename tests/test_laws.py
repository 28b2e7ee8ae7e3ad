"""The law of the house, read from the source: who imports whom, which clock, how long things may be, which settings."""

import ast
import re
import statistics
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps

from console.shell import nouns
from gateway.mirror import REGISTRY

ROOT = Path(__file__).resolve().parent.parent
MAY_IMPORT = {
    "gateway": {"gateway"},
    "console": {"console", "gateway"},
    "accounts": {"accounts", "console", "gateway"},
    "issuing": {"issuing", "accounts", "console", "gateway"},
    "sandbox": {"sandbox"},
}
ROOMS, ACCOUNT = ("accounts", "issuing"), "accounts.Account"
EXCEPTED = {"account", "person"}  # every noun belongs to an account; a person is also whoever decides
NAMED = {
    ("console/settings.py", "idle_in_transaction_session_timeout"),  # PostgreSQL's own name of a limit, no noun of ours
    ("console/settings.py", "transaction_mode"),  # Django's own name of an option of SQLite, no noun either
    (
        "console/viewing/models.py",
        "cardholder_question",
    ),  # a reason, stored in the rows of sessions
}
LONGEST_FILE = 400
LONGEST_FUNCTION = 50
LONGEST_README = 25
LONGEST_LINE = 120  # of a template; ruff sees to the others
LOCKS = ("requirements", "requirements-dev", "benchmarks/peer")


def files(*rooms: str) -> list[Path]:
    """Every Python file of these rooms, migrations aside."""
    return [path for room in rooms for path in sorted((ROOT / room).rglob("*.py")) if "migrations" not in path.parts]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def imported(path: Path) -> Iterator[str]:
    """Dotted names of everything a file imports, also inside functions and under TYPE_CHECKING."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = path.relative_to(ROOT).parts[: -node.level] if node.level else ()
            base = ".".join([*package, *([node.module] if node.module else [])])
            yield from (f"{base}.{name.name}" for name in node.names)


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_rooms_import_along_the_line_and_never_back(room: str) -> None:
    forbidden = set(MAY_IMPORT) - MAY_IMPORT[room] | {"tests", "benchmarks"}
    broken = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files(room)
        for name in imported(path)
        if name.split(".")[0] in forbidden
    ]
    assert broken == []


def test_stripe_is_imported_in_gateway_alone() -> None:
    rooms = set(MAY_IMPORT) - {"gateway"}
    assert [path for path in files(*rooms) for name in imported(path) if name.split(".")[0] == "stripe"] == []


def test_modules_do_not_import_each_other_in_circles() -> None:
    graph = {module_of(path): own_imports(path) for path in files(*MAY_IMPORT)}
    done: set[str] = set()

    def walk(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, f"circle: {' → '.join((*way[way.index(name) :], name))}"
        if name not in done:
            for following in graph[name]:
                walk(following, (*way, name))
            done.add(name)

    for module in graph:
        walk(module, ())


def own_imports(path: Path) -> set[str]:
    """Our own modules that a file imports: when it is loaded, inside functions, and under TYPE_CHECKING."""
    found = {name if name in own_modules() else name.rpartition(".")[0] for name in imported(path)}
    return (found & own_modules()) - {module_of(path)}


@cache
def own_modules() -> set[str]:
    return {module_of(path) for path in files(*MAY_IMPORT)}


LAYERS = ("rules", "world", "nouns", "hosted", "wire")  # of the sandbox, the lowest first


def test_nothing_in_the_sandbox_imports_upwards() -> None:
    upwards = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files("sandbox")
        if (layer := path.parent.name) in LAYERS
        for name in imported(path)
        if name.startswith("sandbox.") and name.split(".")[1] in LAYERS[LAYERS.index(layer) + 1 :]
    ]
    assert not upwards, "\n".join(upwards)


NOUN_FILES = {"__init__", "models", "verbs", "forms", "pages", "admin", "words", "noun"}
GATHERERS = {"__init__", "apps", "models", "admin", "urls"}  # of a room's own files
DJANGOS = {"migrations", "management", "templatetags"}  # folders where Django alone looks
DEMO = {"demo"}  # a world to look at, no noun


@pytest.mark.parametrize("room", ["accounts", "issuing"])
def test_a_room_is_its_nouns(room: str) -> None:
    own = {path.stem for path in (ROOT / room).glob("*.py")}
    folders = {path.name for path in (ROOT / room).iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert own <= GATHERERS
    assert folders - DJANGOS - DEMO == set(apps.get_app_config(room).nouns)
    for noun in folders - DJANGOS - DEMO:
        found = {path.name for path in (ROOT / room / noun).iterdir() if path.name != "__pycache__"}
        assert found - {"verbs"} <= {f"{name}.py" for name in NOUN_FILES}, noun
        assert "noun.py" in found, noun


@pytest.mark.parametrize("room", ["accounts", "issuing"])
def test_tests_lie_under_the_name_of_their_noun(room: str) -> None:
    nouns = set(apps.get_app_config(room).nouns)
    folders = {path.parent.name for path in (ROOT / "tests" / room).glob("*/*.py")}
    with_tests = {path.parent.name for path in (ROOT / "tests" / room).glob("*/test_*.py")}
    assert folders - DEMO <= nouns
    assert {noun for noun in nouns if acts_or_draws(ROOT / room / noun)} <= with_tests


def acts_or_draws(noun: Path) -> bool:
    """Whether a noun has verbs or pages."""
    return any((noun / name).exists() for name in ("verbs.py", "verbs", "pages.py"))


def test_nouns_of_a_room_import_each_other_downwards() -> None:
    for room in ("accounts", "issuing"):
        order = list(apps.get_app_config(room).nouns)
        for path in files(room):
            own = path.relative_to(ROOT / room).parts[0]
            if own not in order or path.stem not in ("models", "words"):  # verbs and pages may lead anywhere
                continue
            used = {name.split(".")[1] for name in own_imports(path) if name.startswith(f"{room}.")}
            above = {name for name in used if name in order and order.index(name) > order.index(own)}
            assert not above, f"{path.relative_to(ROOT)} imports {above}"


def test_no_folder_has_the_name_of_a_standard_module() -> None:
    folders = {path.name for room in MAY_IMPORT for path in (ROOT / room, *(ROOT / room).rglob("*")) if path.is_dir()}
    assert folders & set(sys.stdlib_module_names) == set()


def test_the_shell_and_the_gateway_name_no_noun() -> None:
    """Nowhere in a text, docstrings aside: a model's label or name, Stripe's name of an object, an event's type.

    A noun declares those itself. What is named all the same stands in NAMED, each with its reason.
    """
    own = [noun.model for noun in nouns.every() if noun.model and noun.model.stripe_object not in EXCEPTED]
    names = {name for model in own for name in (model._meta.label, model.stripe_object, model._meta.model_name)}
    names |= {model.stripe_object for model in REGISTRY.values() if model.stripe_object not in EXCEPTED}
    names |= {model._meta.label for room in ROOMS for model in apps.get_app_config(room).get_models()} - {ACCOUNT}
    names |= {name.replace(".", "_") for name in names} | {f"{name}s" for name in names}
    names |= {event_type for noun in nouns.every() if noun.model in own for event_type in noun.event_types}
    # "person.updated" is an event, "person" whoever decides: of what is excepted the events alone are looked for
    names |= {event for noun in nouns.every() for event in noun.event_types if not event.startswith("account.")}
    pattern = re.compile(rf"(?<![a-z])(?:{'|'.join(map(re.escape, sorted(names, key=len, reverse=True)))})(?![a-z])")
    found = {
        (str(path.relative_to(ROOT)), text)
        for path in files("console", "gateway")
        for text in texts(path)
        if pattern.search(text)
    }
    assert found == NAMED


def texts(path: Path) -> Iterator[str]:
    """Every string of a file that is no docstring; of an f-string its plain parts."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and node.body
        if isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def test_texts_are_read_without_docstrings_and_in_pieces(tmp_path: Path) -> None:
    file = tmp_path / "named.py"
    file.write_text('"""Of issuing.card."""\nurl = f"/v1/issuing.card/{1}"\nkind = ("person.updated",)\n', "utf-8")
    assert set(texts(file)) == {"/v1/issuing.card/", "person.updated"}


def test_rooms_of_stripes_objects_use_stripes_clock() -> None:
    clocks = {("timezone", "now"), ("datetime", "now"), ("datetime", "utcnow"), ("time", "time"), ("date", "today")}
    broken = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in files("accounts", "issuing")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and (node.value.id, node.attr) in clocks
    ]
    assert broken == []


@pytest.mark.parametrize("room", ["console", "accounts", "issuing"])
def test_rows_are_locked_so_that_others_may_point_at_them(room: str) -> None:
    """FOR UPDATE keeps rows that point at a locked one from being committed: two writers of the trail would wait for
    each other, as one of them holds its lock until then. FOR NO KEY UPDATE keeps out every other change.
    """
    broken = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in files(room)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "select_for_update"
        if not any(each.arg == "no_key" for each in node.keywords)
    ]
    assert broken == []


def test_no_file_is_long() -> None:
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in files(*MAY_IMPORT)}
    assert {str(path.relative_to(ROOT)): lines for path, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_functions_are_short() -> None:
    lengths = sorted((lines, name) for path in files(*MAY_IMPORT) for name, lines in function_lengths(path))
    numbers = [lines for lines, _ in lengths]
    assert [entry for entry in lengths if entry[0] > LONGEST_FUNCTION] == []
    assert statistics.median(numbers) <= 8
    assert statistics.quantiles(numbers, n=10)[-1] <= 30


def function_lengths(path: Path) -> Iterator[tuple[str, int]]:
    """Name and number of lines of each function, from `def` to its end."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef) and node.end_lineno:
            yield f"{path.relative_to(ROOT)}:{node.name}", node.end_lineno - node.lineno + 1


def test_env_example_names_every_variable_and_no_other() -> None:
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    named = {
        line.lstrip("# ").split("=")[0] for line in lines if "=" in line and line.lstrip("# ").split("=")[0].isupper()
    }
    assert named == set(variables())


def variables() -> Iterator[str]:
    """Environment variables that the settings and the programs round them read."""
    for path in files(*MAY_IMPORT):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant) and reads(node.func):
                yield node.args[0].value


def reads(function: ast.expr) -> bool:
    """Whether a call reads the environment: `env.str(…)`, `os.environ.get(…)`."""
    if not isinstance(function, ast.Attribute):
        return False
    owner = function.value
    from_env = isinstance(owner, ast.Name) and owner.id == "env"
    return from_env or (isinstance(owner, ast.Attribute) and owner.attr == "environ" and function.attr == "get")


def test_no_template_line_is_long() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{number} has {len(line)} characters"
        for path in sorted((ROOT / "templates").rglob("*.*"))
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if len(line) > LONGEST_LINE
    ]
    assert not long, "\n".join(long)


@pytest.mark.parametrize("room", ["accounts", "issuing", "console"])
def test_templates_lie_under_the_name_of_what_draws_them(room: str) -> None:
    own = {path.parent.name for path in (ROOT / room).rglob("*.py")}
    folders = own | {"parts"} if room == "console" else set(apps.get_app_config(room).nouns)
    lost = {str(path.relative_to(ROOT)) for path in (ROOT / "templates" / room).rglob("*.html")}
    lost -= {name for name in lost if name.split("/")[2] in folders and name.count("/") == 3}
    assert not lost, "\n".join(sorted(lost))


@pytest.mark.parametrize("lock", LOCKS)
def test_what_is_asked_for_is_locked_by_hashes_and_from_no_host_of_its_own(lock: str) -> None:
    asked, locked = ((ROOT / f"{lock}.{end}").read_text("utf-8") for end in ("in", "txt"))
    kept = re.findall(
        r"^([a-z][a-z0-9.-]*)(?:\[[a-z,-]+\])?==\S+(?: ; [^\\\n]+)? \\\n    --hash=sha256:", locked, re.MULTILINE
    )
    pinned = re.findall(r"^[a-z].*", locked, re.MULTILINE | re.IGNORECASE)
    assert len(kept) == len(pinned)
    assert {name.lower() for name in re.findall(r"^[\w-]+", asked, re.MULTILINE)} - {"-c"} <= set(kept)
    assert not re.search(r"://|^-", locked, re.MULTILINE)


def test_no_file_is_half_merged() -> None:
    kept = [
        *ROOT.glob("*.*"),
        *(path for folder in (*MAY_IMPORT, "docs", "templates", "tests") for path in (ROOT / folder).rglob("*.*")),
    ]
    texts = [path for path in kept if path.suffix in (".py", ".md", ".html", ".css", ".js", ".toml", ".txt")]
    marks = re.compile(r"^(<{7} |={7}$|>{7} )", re.MULTILINE)
    assert [str(path.relative_to(ROOT)) for path in texts if marks.search(path.read_text("utf-8"))] == []


@pytest.mark.parametrize("room", ["accounts", "gateway", "issuing"])
def test_each_room_tells_briefly_where_things_are(room: str) -> None:
    told = (ROOT / room / "README.md").read_text("utf-8")
    assert len(told.splitlines()) <= LONGEST_README
    folders = {path.parent.name for path in (ROOT / room).glob("*/__init__.py")} - {
        "migrations",
        "management",
        "templatetags",
    }
    modules = {path.stem for path in (ROOT / room).glob("*.py")} - {"__init__", "apps"} if room == "gateway" else set()
    assert {name for name in folders | modules if name not in told} == set()
