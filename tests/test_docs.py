"""The documents say what the code does: names, paths, links, and the messages of the live stream."""

from __future__ import annotations

import ast
import re
from functools import reduce
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from accounts import consumers, hub
from portal.env import Environment

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
STREAM = (ROOT / "docs" / "live-stream.md").read_text(encoding="utf-8")
PATHS = sorted(set(re.findall(r"\b(?:accounts|orders|portal|templates|static|tests|locale)/[\w./-]*", ARCHITECTURE)))
NAMES = sorted(set(re.findall(r"\b(?:accounts|orders|portal)(?:\.[A-Za-z_]\w*)+", ARCHITECTURE)))
NOT_ON_THE_MAP = {"__init__.py", "__pycache__", "apps.py", "migrations"}


@pytest.mark.parametrize("path", PATHS)
def test_a_path_on_the_map_exists(path: str) -> None:
    assert (ROOT / path.rstrip(".")).exists()


@pytest.mark.parametrize("name", [name for name in NAMES if not name.endswith(".py")])
def test_a_name_in_the_flows_exists(name: str) -> None:
    assert _find(name) is not None


@pytest.mark.parametrize("app", ["accounts", "orders", "portal"])
def test_every_room_of_an_app_is_on_the_map(app: str) -> None:
    rooms = {path.name + "/" * path.is_dir() for path in (ROOT / app).iterdir() if path.name not in NOT_ON_THE_MAP}
    assert sorted(room for room in rooms if f"`{app}/{room}`" not in ARCHITECTURE) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_link_leads_to_a_file(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    assert [target for target in targets if not (document.parent / target).exists()] == []


@pytest.mark.parametrize("readme", ["README.md", "README.ko.md"])
def test_the_readme_names_every_variable(readme: str) -> None:
    text = (ROOT / readme).read_text(encoding="utf-8")
    assert [name for name in Environment.model_fields if f"`{name}`" not in text] == []


def test_the_streams_messages_are_described_with_all_their_keys() -> None:
    assert _described("Messages from the server") == _sent()


def test_the_clients_message_is_described_with_what_is_read_of_it() -> None:
    tree = ast.parse(Path(consumers.__file__).read_text(encoding="utf-8"))
    read = {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "message.get"
        and isinstance(node.args[0], ast.Constant)
    }
    assert _described("Messages from the client") == {"resume": read - {"type"}}


def test_the_streams_close_codes_are_described() -> None:
    codes = {value for module in (hub, consumers) for name, value in vars(module).items() if name.startswith("CLOSE_")}
    assert {int(code) for code in re.findall(r"^\| (\d{4}) \|", STREAM, re.MULTILINE)} == codes


def _find(name: str) -> Any:
    """The module, class or function of a dotted name. Raises AttributeError or ImportError."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            module = import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        return reduce(getattr, parts[length:], module)
    return None


def _described(heading: str) -> dict[str, set[str]]:
    """Type to keys, from the table under a heading."""
    section = STREAM.split(f"## {heading}")[1].split("\n## ")[0]
    rows = [line.split("|") for line in section.splitlines() if line.startswith("| `")]
    return {cells[1].strip(" `"): set(re.findall(r"`(\w+)`", cells[2])) for cells in rows}


def _sent() -> dict[str, set[str]]:
    """Type to keys of every message that the code builds."""
    found: dict[str, set[str]] = {}
    for path in ("accounts/hub.py", "accounts/consumers.py", "accounts/broadcast.py"):
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
            keys = [ast.literal_eval(key) for key in node.keys if key] if isinstance(node, ast.Dict) else []
            if isinstance(node, ast.Dict) and "type" in keys:
                kind = ast.literal_eval(node.values[keys.index("type")])
                found.setdefault(kind, set()).update(set(keys) - {"type"})
    found.pop("poke", None)  # between processes, not to a browser
    return found
