"""Imports run one way, as the table of docs/architecture.md says; files stay readable; the hub loads no decoder."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("config", "hub", "cameras", "alerts", "api")
PLUGIN_FOLDERS = (
    "hub/sensors/payloads",
    "cameras/protocols",
    "cameras/detectors",
    "cameras/behaviours",
    "alerts/rules",
    "alerts/notifiers",
)
ANYWHERE = frozenset({"typing_extensions"})
MODULES = {  # what the table calls by its common name
    "pydantic": {"pydantic", "pydantic_core"},
    "pyav": {"av"},
    "opencv": {"cv2"},
    "pyyaml": {"yaml"},
    "paho": {"paho"},
    "pyjwt": {"jwt"},
    "aio-rtsp-toolkit": {"aio_rtsp_toolkit", "aio_sockets"},
    "the network": {"http", "urllib", "ssl", "smtplib", "socket"},
}
CODE_LINES = 400
TEST_LINES = 600


@dataclass(frozen=True)
class Allowance:
    """What one folder may import."""

    ours: frozenset[str]
    third_party: frozenset[str]
    only_in: dict[str, tuple[str, ...]]
    """Module to the files or folders (relative to the package) where it may stand."""


def _table() -> dict[str, Allowance]:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)/` \| ([^|]+) \| ([^|]+) \|$", text, flags=re.MULTILINE)
    table = {}
    for package, ours, third_party in rows:
        names: set[str] = set()
        only_in: dict[str, tuple[str, ...]] = {}
        for clause in third_party.split(";"):
            for part in _parts(clause):
                words, _, place = part.partition(" only in ")
                places = tuple(re.findall(r"`([^`]+)`", place))
                for word in re.split(r", | and ", words):
                    modules = MODULES.get(word.strip().lower(), {word.strip().lower().replace("-", "_")})
                    names |= modules
                    if places:
                        only_in |= dict.fromkeys(modules, places)
        mine = frozenset() if ours.strip() == "nothing" else frozenset(word.strip() for word in ours.split(","))
        table[package] = Allowance(mine, frozenset(names), only_in)
    return table


def _parts(clause: str) -> list[str]:
    """A clause's pieces: `a and b only in x, c only in y` are two, `a, b, c` is one."""
    if " only in " not in clause:
        return [clause]
    return re.findall(r"[\w ,.-]+? only in `[^`]+`(?: and `[^`]+`)*", clause.replace("`, ", "`;").replace(";", " ; "))


def _imports(path: Path) -> list[tuple[int, str]]:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            assert node.module is not None
            found.append((node.lineno, node.module))
            found += [(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
    return found


def _files(package: str) -> list[Path]:
    return sorted(path for path in (ROOT / package).rglob("*.py") if "__pycache__" not in path.parts)


EVERY_FILE = [path for package in PACKAGES for path in _files(package)]


def _named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_page_has_a_row_for_every_package() -> None:
    assert set(_table()) == set(PACKAGES)


def test_the_table_is_read_as_it_is_meant() -> None:
    table = _table()
    assert table["config"].ours == frozenset()
    assert table["api"].ours == {"alerts", "cameras", "hub", "config"}
    assert table["hub"].only_in["sqlalchemy"] == ("store/",)
    assert table["hub"].only_in["paho"] == ("sensors/mqtt.py",)
    assert table["hub"].only_in["prometheus_client"] == ("metrics.py",)
    assert table["alerts"].only_in["sqlalchemy"] == ("store/",)
    assert "cv2" in table["cameras"].third_party


@pytest.mark.parametrize("package", PACKAGES)
def test_a_file_imports_only_what_its_folder_may(package: str) -> None:
    allowed = _table()[package]
    wrong = [each for path in _files(package) for each in _not_allowed(path, package, allowed)]
    assert not wrong, "\n".join(dict.fromkeys(wrong))


def _not_allowed(path: Path, package: str, allowed: Allowance) -> Iterator[str]:
    inside = path.relative_to(ROOT / package).as_posix()
    for line, name in _imports(path):
        top = name.partition(".")[0]
        if top in PACKAGES:
            if top != package and top not in allowed.ours:
                yield f"{_named(path)}:{line}: {package}/ may not import {name}"
        elif top in allowed.only_in:
            if not any(_within(inside, place) for place in allowed.only_in[top]):
                yield f"{_named(path)}:{line}: {top} only in {', '.join(allowed.only_in[top])}"
        elif top not in sys.stdlib_module_names and top not in allowed.third_party | ANYWHERE:
            yield f"{_named(path)}:{line}: {package}/ may not use {top}"


def _within(inside: str, place: str) -> bool:
    return inside.startswith(place) if place.endswith("/") else inside == place


@pytest.mark.parametrize("folder", PLUGIN_FOLDERS)
def test_plugin_files_never_import_a_sibling(folder: str) -> None:
    package = folder.replace("/", ".")
    for path in sorted((ROOT / folder).glob("*.py")):
        siblings = {f"{package}.{other.stem}" for other in (ROOT / folder).glob("*.py")} - {f"{package}.{path.stem}"}
        wrong = [f"{_named(path)}:{line}: {name}" for line, name in _imports(path) if name in siblings]
        assert not wrong, "\n".join(wrong)


def test_the_hub_process_never_loads_a_decoder() -> None:
    code = "import api.main, api.app, api.cli, sys; bad = {'cv2', 'av', 'onnxruntime', 'onnx'} & set(sys.modules)"
    code += "; assert not bad, bad"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_file_can_be_read_in_one_sitting() -> None:
    assert _longer_than(CODE_LINES, EVERY_FILE) == []
    assert _longer_than(TEST_LINES, _files("tests")) == []


def _longer_than(lines: int, paths: list[Path]) -> list[str]:
    return [_named(path) for path in paths if len(path.read_text(encoding="utf-8").splitlines()) > lines]


def test_no_module_is_named_for_nothing() -> None:
    nothing = {"utils", "util", "helpers", "common", "base", "manager", "misc"}
    assert not [_named(path) for path in EVERY_FILE if path.stem in nothing]
