"""Nothing that is read can make the hub run code, or grow without end: settings, rules, and what the sources import."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts.language.rule_text import parse_rule
from config.errors import ConfigurationError
from config.load import load_community, load_machine
from config.reading import MAX_BYTES, read_text, read_yaml

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("alerts", "api", "cameras", "config", "hub")
UNSAFE_MODULES = {
    "pickle",
    "cPickle",
    "dill",
    "cloudpickle",
    "marshal",
    "shelve",
    "jsonpickle",
    "joblib",
    "code",
    "pty",
}
"""Modules whose reading runs what it reads."""
UNSAFE_CALLS = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "yaml.load", "yaml.unsafe_load"} | {
    f"{module}.{call}" for module in ("subprocess",) for call in ("getoutput", "getstatusoutput")
}
XML = {"xml.etree.ElementTree", "xml.dom.minidom", "xml.sax", "lxml", "lxml.etree", "xml.dom.pulldom"}
"""Readers that expand entities; those of defusedxml do not."""
TAGS = (
    "!!python/object/apply:os.system ['touch {canary}']",
    "!!python/name:os.system ''",
    "!!python/module:os ''",
    "!!python/object/new:subprocess.Popen [['touch', '{canary}']]",
    "!!python/object:collections.OrderedDict {{}}",
    "!include {canary}",
)
TIME_LIMIT_S = 10


def _sources() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def _calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def _unsafe(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        yield from (f"{name} runs what it reads" for name in names if name.split(".")[0] in UNSAFE_MODULES)
        yield from (f"{name} expands entities; take defusedxml" for name in names if name in XML)
    for name, call in _calls(tree):
        given = {each.arg: each.value for each in call.keywords}
        if name in UNSAFE_CALLS:
            yield f"line {call.lineno}: {name}"
        if "shell" in given and not _is(given["shell"], False):
            yield f"line {call.lineno}: a shell"
        if name in ("np.load", "numpy.load") and "allow_pickle" in given and not _is(given["allow_pickle"], False):
            yield f"line {call.lineno}: allow_pickle"
        if name == "torch.load" and not _is(given.get("weights_only"), True):
            yield f"line {call.lineno}: torch.load without weights_only=True"


def _is(node: ast.expr | None, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def test_no_source_reads_in_a_way_that_runs_what_it_reads() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {words}"
        for path in _sources()
        for words in _unsafe(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "from pickle import loads",
        "import xml.etree.ElementTree as ET",
        "yaml.load(x)",
        "eval('1')",
        "os.system(x)",
        "subprocess.run(x, shell=True)",
        "np.load(x, allow_pickle=True)",
        "torch.load(x)",
    ],
)
def test_the_search_finds_what_it_is_for(text: str) -> None:
    assert list(_unsafe(ast.parse(text)))


def _is_plain(value: object) -> bool:
    if isinstance(value, dict):
        return all(_is_plain(each) for pair in value.items() for each in pair)
    if isinstance(value, list):
        return all(_is_plain(each) for each in value)
    return value is None or isinstance(value, str | int | float | bool)


@pytest.mark.parametrize("tag", TAGS)
def test_a_tag_in_a_file_makes_nothing(tag: str, tmp_path: Path) -> None:
    """Neither settings, nor a community, nor a rule: it is refused or mere text, and nothing of it is done."""
    canary = tmp_path / "canary"
    path = tmp_path / "community.yaml"
    for text in (f"sites: {tag}\n", f"{tag}\n", f"? {tag}\n: 1\n"):
        path.write_text(text.format(canary=canary))
        for read in (load_community, load_machine, lambda path: parse_rule(path.read_text()).body):
            with contextlib.suppress(ConfigurationError):
                read(path)
        with contextlib.suppress(ConfigurationError):
            assert _is_plain(read_yaml(path)), "an object came of it"
    assert not canary.exists()


@pytest.mark.timeout(TIME_LIMIT_S)
def test_aliases_that_multiply_are_refused_before_they_fill_the_memory() -> None:
    """Ten lists of ten of the one before: ten thousand million values in four hundred bytes."""
    levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    with pytest.raises(ConfigurationError):
        read_text("\n".join(["a0: &a0 [x, x, x, x, x, x, x, x, x, x]", *levels]))


@pytest.mark.timeout(TIME_LIMIT_S)
@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_what_nests_too_deep_is_refused(opening: str) -> None:
    with pytest.raises(ConfigurationError):
        read_text(opening * 50_000)


@pytest.mark.timeout(TIME_LIMIT_S)
def test_a_file_too_large_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(ConfigurationError, match="larger than"):
        read_yaml(path)
