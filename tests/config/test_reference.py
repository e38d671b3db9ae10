"""docs/reference/configuration.md names every setting with the type, default and range that the code has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from config.community import (
    Area,
    Camera,
    Community,
    Contact,
    ContactChannel,
    Detector,
    Location,
    Name,
    Notifier,
    Sensor,
    Site,
    Stream,
    Zone,
)
from config.floor_plan import FloorPlan
from config.grid import Duty
from config.handling import Deadlines, LevelTimes, RequestTimes
from config.hardening import Backup, Tls
from config.machine import (
    Database,
    Disk,
    EmbeddedBroker,
    ExternalBroker,
    Http,
    Keep,
    Machine,
    Mqtt,
    OwnObjects,
    Recordings,
    SensorLimits,
    Vision,
    Workers,
)
from config.messages import number_range
from config.networks import Networks
from config.onvif import Onvif
from config.phones import Phone
from config.plates import PlateList
from config.recording import Evidence, Policy, Recording, RingPolicies
from config.reporting import Reporting, Thanks
from config.secrets import Secret
from config.shifts import Shift
from config.sign_in import Oidc, OidcRoles, SignIn
from config.zones import Ground, GroundPoint, Line

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "configuration.md"
MODELS: tuple[type[BaseModel], ...] = (
    Machine,
    Http,
    Tls,
    Networks,
    Backup,
    SignIn,
    Oidc,
    OidcRoles,
    EmbeddedBroker,
    ExternalBroker,
    Database,
    Workers,
    Vision,
    OwnObjects,
    Recordings,
    Disk,
    Keep,
    Mqtt,
    SensorLimits,
    Community,
    Recording,
    RingPolicies,
    Policy,
    Evidence,
    Duty,
    Shift,
    Deadlines,
    LevelTimes,
    RequestTimes,
    Reporting,
    Thanks,
    Name,
    Area,
    FloorPlan,
    Site,
    Phone,
    Location,
    Camera,
    Stream,
    Onvif,
    Zone,
    Line,
    Ground,
    GroundPoint,
    Detector,
    PlateList,
    Notifier,
    Contact,
    ContactChannel,
    Sensor,
)
PLAIN_TYPES = {"boolean": "true or false", "integer": "whole number", "number": "number", "string": "text"}


def type_words(schema: dict[str, Any], definitions: dict[str, Any]) -> str:  # noqa: PLR0911 - one for each type
    """The type as the page says it: `text`, `id`, `list of Zone`, `one of a, b`."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        target = definitions[name]
        return type_words(target, definitions) if "enum" in target else name
    branches = [branch for branch in schema.get("anyOf", schema.get("oneOf", ())) if branch.get("type") != "null"]
    if branches:
        return " or ".join(type_words(branch, definitions) for branch in branches)
    if "const" in schema:
        return f"`{str(schema['const']).lower()}`"
    if "enum" in schema:
        return "one of " + ", ".join(f"`{word}`" for word in schema["enum"])
    if schema.get("type") == "array":
        items = schema.get("items")
        return f"list of {type_words(items, definitions)}" if items else "pair of numbers"
    if schema.get("type") == "object":
        return "mapping"
    if schema.get("format") == "path":
        return "path"
    if "lower-case letters" in schema.get("description", ""):
        return "id"
    return PLAIN_TYPES[schema["type"]]


def range_words(schema: dict[str, Any]) -> str:
    """What is allowed of the type, as the page says it; empty when everything is."""
    for branch in (schema, *schema.get("anyOf", ())):
        if words := number_range(branch).strip():
            return words
        if "maxItems" in branch:
            return f"{branch.get('minItems', 0)} to {branch['maxItems']} items"
        if "maxLength" in branch:
            return f"{branch.get('minLength', 0)} to {branch['maxLength']} characters"
    return ""


def default_words(model: type[BaseModel], name: str) -> str:  # noqa: PLR0911 - one for each sort of default
    field = model.model_fields[name]
    if field.is_required():
        return "required"
    if field.default_factory is not None:
        return "one per core"
    value = field.default
    if isinstance(value, BaseModel) and not isinstance(value, Name):
        return "its defaults"
    if isinstance(value, Name):
        return f"`{{zh: {value.zh}, en: {value.en}}}`"
    if isinstance(value, tuple):
        return f"`[{', '.join(getattr(each, 'kind', str(each)) for each in value)}]`"
    if value is None:
        return "`null`"
    return f"`{str(value).lower()}`" if isinstance(value, bool) else f"`{value}`"


def rows_of(model: type[BaseModel]) -> list[tuple[str, str, str, str]]:
    schema = model.model_json_schema()
    definitions = schema.get("$defs", {})
    rows = []
    for name, field in schema["properties"].items():
        annotation = model.model_fields[name].annotation
        secret = annotation is Secret or Secret in getattr(annotation, "__args__", ())
        words = "secret" if secret else type_words(field, definitions)
        rows.append((f"`{name}`", words, default_words(model, name), range_words(field)))
    return rows


def table_under(heading: str) -> list[tuple[str, ...]]:
    """The first four cells of every row of the table below a heading of the page."""
    section = re.search(rf"^### {heading}\n(.*?)(?=^##|\Z)", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert section is not None, f"no section {heading}"
    rows = [
        tuple(cell.strip() for cell in line.split("|")[1:-1]) for line in section[1].splitlines() if line[:1] == "|"
    ]
    assert all(row[4] for row in rows[2:]), f"a setting of {heading} is not explained"
    return [row[:4] for row in rows[2:]]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_the_reference_holds_every_setting_as_the_code_has_it(model: type[BaseModel]) -> None:
    assert table_under(model.__name__) == rows_of(model)


def test_no_section_of_settings_is_left_out() -> None:
    schemas = (Machine.model_json_schema(), Community.model_json_schema())
    known = {name for schema in schemas for name, part in schema["$defs"].items() if "properties" in part}

    known.discard("HoursSpec")  # stands in rules.md
    assert known | {"Machine", "Community"} == {model.__name__ for model in MODELS}
