"""The JSON Schemas of what people write: they are written down, complete, and take what the program takes."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from api.json_schemas import WHAT, schema, text
from config.examples.dapingzi import dapingzi
from config.reading import read_text, read_yaml

ROOT = Path(__file__).resolve().parents[2]
SNAPSHOTS = ROOT / "docs" / "reference" / "schemas"
RULES = sorted(path for path in (ROOT / "config" / "rules").glob("*.yaml") if ".test." not in path.name)
TESTS = sorted((ROOT / "config" / "rules").glob("*.test.yaml"))
EXAMPLES = ROOT / "config" / "examples"
BAD = ROOT / "tests" / "config" / "data" / "bad_rules"


@lru_cache
def validator(what: str) -> Draft202012Validator:
    return Draft202012Validator(schema(what))


def faults(what: str, written: object) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in validator(what).iter_errors(written)]


@pytest.mark.parametrize("what", WHAT)
def test_a_schema_is_the_one_that_is_written_down(what: str) -> None:
    """`hub schema WHAT > docs/reference/schemas/WHAT.schema.json` writes it anew."""
    Draft202012Validator.check_schema(schema(what))
    assert (SNAPSHOTS / f"{what}.schema.json").read_text(encoding="utf-8") == text(what)


@pytest.mark.parametrize("what", WHAT)
def test_every_key_says_what_it_means(what: str) -> None:
    definitions: dict[str, Any] = schema(what)["$defs"]
    dumb = [
        f"{name}.{key}"
        for name, definition in definitions.items()
        for form in (definition, *definition.get("anyOf", ()))
        for key, written in form.get("properties", {}).items()
        if "description" not in {**written, **definitions.get(written.get("$ref", "").rpartition("/")[2], {})}
        and "anyOf" not in definitions.get(written.get("$ref", "").rpartition("/")[2], {})
    ]
    assert dumb == []


@pytest.mark.parametrize(
    ("what", "file"),
    [
        *(("rules", path) for path in RULES),
        *(("rule-tests", path) for path in TESTS),
        ("community", EXAMPLES / "minimal.yaml"),
        ("machine", EXAMPLES / "machine.yaml"),
    ],
    ids=lambda part: part.name if isinstance(part, Path) else part,
)
def test_the_shipped_files_are_right_by_it(what: str, file: Path) -> None:
    assert faults(what, read_yaml(file)) == []


def test_a_whole_village_is_right_by_it() -> None:
    assert faults("community", read_text(dapingzi())) == []


@pytest.mark.parametrize(
    "written",
    [
        "- {id: c, site: s, url: rtsp://127.0.0.1/1, username: u, password: p, detectors: [objects, {kind: fire}]}",
        "- {id: c, site: s, name: Gate, main: {url: rtsp://127.0.0.1/1}}",
    ],
)
def test_what_may_be_written_shorter_is_right_by_it(written: str) -> None:
    assert faults("community", {"cameras": read_text(written)}) == []


@pytest.mark.parametrize(
    "case",
    [
        "key-misspelt",
        "when-two-shapes",
        "shape-unknown",
        "alert-kind-unknown",
        "severity-unknown",
        "duration-in-words",
        "duration-bare-number",
        "together-six-parts",
        "pattern-too-many-kinds",
        "value-without-back-by",
        "only-day",
        "test-expected-severity.test",
        "test-without-expect.test",
    ],
)
def test_an_editor_underlines_what_the_program_refuses(case: str) -> None:
    what = "rule-tests" if case.endswith(".test") else "rules"
    assert faults(what, read_yaml(BAD / f"{case}.yaml")) != []
