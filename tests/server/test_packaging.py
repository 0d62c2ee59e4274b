"""What is published: two packages with their rules and the example, and imports that run one way."""

import ast
import json
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CACHE = "__pycache__"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout without the network."""
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("*.whl"))


def test_the_wheel_has_exactly_our_two_packages(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {
        "mcp_threat_model",
        "mcp_threat_scoring",
    }


def test_every_module_rule_and_example_is_in_the_wheel(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    sources = {
        "mcp_threat_model/": ROOT / "server" / "mcp_threat_model",
        "mcp_threat_scoring/": ROOT / "scoring" / "mcp_threat_scoring",
        "mcp_threat_scoring/rules/": ROOT / "rules",
        "mcp_threat_model/examples/": ROOT / "examples",
    }
    for prefix, folder in sources.items():
        for file in folder.rglob("*"):
            if file.suffix in (".py", ".yaml", ".json", ".html", ".css", ".js", ".typed") and CACHE not in file.parts:
                assert prefix + file.relative_to(folder).as_posix() in names


def test_the_page_on_the_rules_is_not_in_the_wheel(wheel: Path) -> None:
    assert [name for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".md")] == []


def test_the_wheel_runs_on_its_own_files(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    code = (
        "import mcp_threat_model, mcp_threat_scoring, sys;"
        "from mcp_threat_model.commands.demo import example_server;"
        "from mcp_threat_scoring.analyze import knowledge;"
        "knowledge();"
        "print(mcp_threat_model.__file__, mcp_threat_scoring.__file__, example_server())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(tmp_path)}, cwd=tmp_path,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for place in done.stdout.split():
        assert place.startswith(str(tmp_path))


def test_every_dependency_is_pinned_and_no_pin_says_where_packages_come_from() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    needed = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {requirement.split(">")[0].split("<")[0].split("=")[0].strip().lower() for requirement in needed}
    assert names <= {name.lower() for name in pins}
    assert all(version[0].isdigit() and "/" not in version and "@" not in version for version in pins.values())


def _imports(folder: Path) -> list[tuple[str, str]]:
    """Each import below a folder, or of a file: where it stands, and the whole name of what is imported."""
    found: list[tuple[str, str]] = []
    for file in sorted(folder.rglob("*.py")) if folder.is_dir() else [folder]:
        for node in ast.walk(ast.parse(file.read_text())):
            names = []
            if isinstance(node, ast.ImportFrom) and node.module:
                # of the shell itself, what is imported may be a module
                names = [f"{SHELL}.{one.name}" for one in node.names] if node.module == SHELL else [node.module]
            elif isinstance(node, ast.Import):
                names = [one.name for one in node.names]
            found += [(file.relative_to(ROOT).as_posix(), name) for name in names]
    return found


SHELL, CORE = "mcp_threat_model", "mcp_threat_scoring"
IMPURE = ("mcp", "httpx", "anyio", "asyncio", "socket", "subprocess", "time", "datetime", "random", "urllib.request")
PAGE = ROOT / "docs" / "architecture.md"


@pytest.mark.parametrize(
    ("room", "never"),
    [
        (f"scoring/{CORE}", (SHELL, *IMPURE, "rich")),
        *(
            (f"scoring/{CORE}/{folder}", (f"{CORE}.picture", f"{CORE}.analyze"))
            for folder in ("text", "facts", "patterns", "rulebook", "matching", "diction", "hostile", "maestro")
        ),
        (f"server/{SHELL}/render", IMPURE),
        (f"server/{SHELL}/source", (f"{CORE}.analyze",)),
    ],
)
def test_what_a_room_is_for_says_what_it_never_imports(room: str, never: tuple[str, ...]) -> None:
    wrong = [
        f"{file} imports {module}"
        for file, module in _imports(ROOT / room)
        if any(module == name or module.startswith(name + ".") for name in never)
    ]
    assert wrong == []


def _rows() -> list[tuple[list[str], str]]:
    """The rows of the shell in the page's table: their modules and folders, and what these may import."""
    cells = [line.strip("| ").split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| `… ")]
    return [([name.strip("`… ") for name in row[0].split(", ")], row[2]) for row in cells]


def _room(name: str) -> str:
    return name.removesuffix(".py").rstrip("/")


ROWS = _rows()


@pytest.mark.parametrize("number", range(len(ROWS)), ids=[_room(names[0]) for names, _ in ROWS])
def test_a_row_of_the_page_imports_what_it_says_and_nothing_above_it(number: int) -> None:
    names, said = ROWS[number]
    below = {"core", *(_room(name) for names, _ in ROWS[number + 1 :] for name in names)}
    may = below if said == "everything below" else set(said.split(", "))
    assert may <= below
    rooms = {"__version__", *may, *map(_room, names)}
    wrong = [
        f"{file} imports {module}"
        for name in names
        for file, module in _imports(ROOT / "server" / SHELL / name)
        if (module.startswith(f"{CORE}.") and "core" not in may)
        or (module.startswith(f"{SHELL}.") and module.split(".")[1] not in rooms)
    ]
    assert wrong == []


def _modules(package: Path) -> set[str]:
    """The modules of a package, and the folders of modules in it, as the page writes them."""
    folders = {f"{one.parent.name}/" for one in package.glob("*/__init__.py")}
    return folders | {one.name for one in package.glob("*.py")} - {"__init__.py"}


def test_the_page_names_every_module() -> None:
    named = [name for names, _ in ROWS for name in names]
    assert sorted(named) == sorted(_modules(ROOT / "server" / SHELL))
    page = PAGE.read_text()
    assert [name for name in sorted(_modules(ROOT / "scoring" / CORE)) if f"`{name}`" not in page] == []


def test_patterns_over_a_target_s_text_never_backtrack() -> None:
    assert [file for file, module in _imports(ROOT / "scoring") + _imports(ROOT / "server") if module == "re"] == []


def test_the_changelog_knows_the_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text()


def test_the_example_configuration_starts_the_installed_command() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    entry = json.loads((ROOT / "claude_desktop_config.example.json").read_text())["mcpServers"]["mcp-threat-model"]
    assert Path(entry["command"]).name in project["scripts"]
    assert entry["args"] == []  # without a command, and standard input not a terminal, it serves
    assert json.dumps(entry) in (ROOT / "README.md").read_text()


def test_the_readme_shows_the_help_of_the_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mcp_threat_model", "--help"], env={**os.environ, "COLUMNS": "80"},
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    shown = (ROOT / "README.md").read_text().partition("<!-- help -->")[2].partition("<!-- /help -->")[0]
    assert shown.strip() == f"```text\n{done.stdout.rstrip()}\n```", "run `make docs`"


def test_every_command_of_the_readme_is_understood() -> None:
    import shlex

    from mcp_threat_model.grammar import build_parser

    commands = [
        shlex.split(line.partition("mcp-threat-model ")[2], comments=True)
        for line in (ROOT / "README.md").read_text().splitlines()
        if line.startswith("$") and "mcp-threat-model " in line
    ]
    assert len(commands) > 4
    for words in commands:
        build_parser().parse_args(words)


def test_the_terms_of_the_readme_make_the_score_that_it_shows(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text()
    terms = text.partition("<!-- terms -->\n```json\n")[2].partition("```\n<!-- /terms -->")[0]
    [command] = [line.split()[2:] for line in text.splitlines() if line.startswith("$ mcp-threat-model score ")]
    (tmp_path / command[-1]).write_text(terms)
    done = subprocess.run(
        [sys.executable, "-m", "mcp_threat_model", *command], cwd=tmp_path, capture_output=True, text=True, timeout=60,
        check=True,
    )  # fmt: skip
    shown = text.partition("<!-- demo -->")[2].partition("<!-- /demo -->")[0]
    made = json.loads(done.stdout)
    assert f"AIVSS {made['score']:.1f} {made['severity'].upper()} " in shown
    assert f"{made['aars']:.2f}" in shown


def test_the_readme_shows_no_path_of_a_machine() -> None:
    assert "/home/" not in (text := (ROOT / "README.md").read_text())
    assert str(ROOT) not in text
