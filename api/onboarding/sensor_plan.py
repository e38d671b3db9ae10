"""Sensor plan: what a sheet of sensors would add, change and leave alone in a Community, or all that is wrong in it.

As for cameras (`camera_plan.py`): nothing is saved here, what is out of reach leaves no trace but a taken id, and a
sensor that is there changes only where its line says something. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from api.onboarding.guessing import Guessing
from api.onboarding.sheets import Column, Row, Says, Sheet, SheetMistake, template
from config.check import Kinds
from config.community import Community, Location, Name, Sensor, Site
from config.errors import ConfigurationError, Mistake
from config.load import parse
from config.messages import nearest

SENSOR_COLUMNS = (
    Column("id", "编号", ("编码", "传感器编号", "sensor id", "sensor")),
    Column("name", "名称", ("中文名称", "名字", "name zh")),
    Column("name_en", "英文名称", ("英文名", "english name")),
    Column("site", "场所", ("地点", "场所编号", "site id")),
    Column("area", "网格", ("区域", "网格编号", "area id")),
    Column("format", "格式", ("报文格式", "payload format")),
    Column("address", "设备地址", ("地址", "设备标识", "device", "mac", "deveui", "dev eui")),
    Column("kinds", "观测项", ("类型", "测项", "kind", "type")),
    Column("lat", "纬度", ("latitude",), number=True),
    Column("lon", "经度", ("longitude", "lng"), number=True),
    Column("silent_after_s", "静默秒数", ("失联秒数", "silent after"), number=True),
    Column("life_safety", "生命安全", ("life safety",)),
    Column("gateway", "网关", ()),
    Column("note", "备注", ("说明", "notes", "remark", "comment")),
)

_EXAMPLES = (
    {
        "id": "kitchen-smoke",
        "name": "厨房烟感",
        "name_en": "Kitchen smoke detector",
        "site": "home-7",
        "format": "zigbee2mqtt",
        "address": "0x00158d0001d82999",
        "kinds": "smoke battery",
        "life_safety": "yes",
    },
    {"id": "river-gauge", "name": "水位计", "site": "bridge", "kinds": "water_level", "silent_after_s": "1800"},
)
_BETWEEN = re.compile(r"[\s;；,，、|+/]+")
_YES = frozenset({"true", "yes", "on", "1", "y", "是"})
_NO = frozenset({"false", "no", "off", "0", "n", "否"})
_OF_SENSOR = re.compile(r"sensors\[(\d+)\]\.?(.*)")


@dataclass(frozen=True, slots=True)
class Devices:
    """What the plugins and grants allow.

    Attributes:
        formats: Payload formats, each with the model of its options.
        observations: What can be observed.
        sites: Ids of the sites where sensors may be set up.
        check: Finds what is wrong in the Community as it would be.
    """

    formats: Kinds
    observations: Collection[str]
    sites: frozenset[str]
    check: Callable[[Community], tuple[Mistake, ...]]


@dataclass(frozen=True, slots=True)
class PlannedSensor:
    """What would become of one line."""

    line: int
    what: Literal["add", "change", "leave"]
    sensor: Sensor
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SensorPlan:
    """What a sheet would do; nothing is done while there is a mistake."""

    planned: tuple[PlannedSensor, ...]
    mistakes: tuple[SheetMistake, ...]

    @property
    def changed(self) -> tuple[PlannedSensor, ...]:
        """What would be saved."""
        return tuple(each for each in self.planned if each.what != "leave")

    def applied(self, community: Community) -> Community:
        """The Community with all of it."""
        return _applied(community, self.changed)


@dataclass(slots=True)
class _Line:
    row: Row
    parts: dict[str, Any] = field(default_factory=dict)
    mistakes: list[SheetMistake] = field(default_factory=list)

    def wrong(self, column: str, zh: str, en: str) -> None:
        self.mistakes.append(SheetMistake(self.row.line, column, Says(zh, en)))

    def cell(self, name: str) -> str | None:
        return self.row.cells.get(name)


def sensor_template(*, chinese: bool) -> bytes:
    """An example sheet of sensors."""
    return template(SENSOR_COLUMNS, _EXAMPLES, chinese=chinese)


def plan_sensors(sheet: Sheet, community: Community, devices: Devices) -> SensorPlan:
    """Work out what a sheet would do."""
    there = {sensor.id: sensor for sensor in community.sensors}
    planned: list[PlannedSensor] = []
    mistakes = list(sheet.mistakes)
    first: dict[str, int] = {}
    sites, mine = {site.id: site for site in community.sites}, Guessing(devices.sites)
    for row in sheet.rows:
        line = _Line(row)
        before = there.get(row.cells.get("id", ""))
        if before is not None and before.site not in devices.sites:
            line.wrong("id", "这个编号已被占用；请换一个", "this id is taken; write another")
        name = line.cell("id")
        if name is None:
            line.wrong("id", "缺少编号", "missing; write an id")
        elif first.setdefault(name, row.line) != row.line:
            line.wrong(
                "id", f"与第 {first[name]} 行的编号相同", f"stands twice, first in line {first[name]}; write another"
            )
        _place(line, sites, mine, before)
        _cells(line, before, devices)
        sensor = None if line.mistakes else _sensor(line, before)
        if sensor is not None:
            changes = () if before is None else _changes(before, sensor)
            what: Literal["add", "change", "leave"] = "add" if before is None else "change" if changes else "leave"
            planned.append(PlannedSensor(row.line, what, sensor, changes))
        mistakes += line.mistakes
    if not mistakes:
        mistakes += _rest(planned, community, devices)
    return SensorPlan(tuple(planned), tuple(sorted(mistakes, key=lambda mistake: mistake.line)))


def _place(line: _Line, sites: Mapping[str, Site], mine: Guessing, before: Sensor | None) -> None:
    site_id = line.cell("site") or (None if before is None else before.site)
    if site_id is None:
        line.wrong("site", "缺少场所编号", "missing; write the id of a site")
        return
    site = sites.get(site_id)
    if site is None or site_id not in mine.known:
        near = mine.near(site_id)
        line.wrong(
            "site",
            f"没有这个场所{f'；请写 {near}' if near else ''}",
            f"there is no such site; write {near or 'the id of one'}",
        )
    elif line.cell("area") not in (None, site.area):
        line.wrong(
            "area", "场所不在这个网格里；请改正或留空", "the site is not in this area; correct it or leave it empty"
        )
    line.parts["site"] = site_id


def _cells(line: _Line, before: Sensor | None, devices: Devices) -> None:
    for name in ("address", "gateway"):
        if (written := line.cell(name)) is not None:
            line.parts[name] = written
    if (zh := line.cell("name")) or line.cell("name_en"):
        had = None if before is None else before.name
        en = line.cell("name_en")
        line.parts["name"] = Name(zh=zh or (had.zh if had else None), en=en or (had.en if had else None))
    if (kind := line.cell("format")) is not None:
        line.parts["format"] = kind
        if kind not in devices.formats:
            known = nearest(kind[:64], tuple(devices.formats)) or ", ".join(sorted(devices.formats))
            line.wrong("format", f"没有这种格式；请写 {known}", f"there is no such format; write {known}")
    _kinds(line, devices)
    _numbers(line)
    if (safety := line.cell("life_safety")) is not None:
        if safety.casefold() not in _YES | _NO:
            line.wrong("life_safety", "请写 是 或 否", "write yes or no")
        line.parts["life_safety"] = safety.casefold() in _YES


def _kinds(line: _Line, devices: Devices) -> None:
    if (kinds := line.cell("kinds")) is None:
        return
    words = tuple(dict.fromkeys(word for word in _BETWEEN.split(kinds) if word))
    line.parts["kinds"] = words
    wrong = next((word for word in words if word not in devices.observations), None)
    if wrong is not None:  # one is said and guessed, for a cell may hold a thousand
        known = nearest(wrong[:64], tuple(sorted(devices.observations))) or "smoke, temperature, water_level, ..."
        line.wrong("kinds", f"没有这种观测项；请写 {known}", f"there is no such observation; write {known}")


def _numbers(line: _Line) -> None:
    numbers: dict[str, float] = {}
    for name, least, most in (("lat", -90.0, 90.0), ("lon", -180.0, 180.0), ("silent_after_s", 1.0, 31_536_000.0)):
        written = line.cell(name)
        if written is None:
            continue
        try:
            number = float(written)
        except ValueError:
            number = float("nan")
        if least <= number <= most:
            numbers[name] = number
        else:
            line.wrong(
                name, f"请写 {least:g} 到 {most:g} 的数", f"does not fit; write a number from {least:g} to {most:g}"
            )
    if "silent_after_s" in numbers:
        line.parts["silent_after_s"] = numbers["silent_after_s"]
    if ("lat" in numbers) != ("lon" in numbers):
        line.wrong("lon" if "lat" in numbers else "lat", "经纬度要成对", "missing; lat and lon go together")
    elif "lat" in numbers:
        line.parts["location"] = Location(lat=numbers["lat"], lon=numbers["lon"])


def _sensor(line: _Line, before: Sensor | None) -> Sensor | None:
    if before is not None:
        return before.model_copy(update=line.parts)
    try:
        return parse(Sensor, {"id": line.cell("id"), **line.parts}, file=None)
    except ConfigurationError as error:
        for mistake in error.mistakes:
            line.wrong(re.split(r"[.\[]", mistake.path)[0], f"不能这样用：{mistake.message}", mistake.message)
        return None


def _changes(before: Sensor, after: Sensor) -> tuple[str, ...]:
    return tuple(name for name in Sensor.model_fields if getattr(before, name) != getattr(after, name))


def _rest(planned: Sequence[PlannedSensor], community: Community, devices: Devices) -> list[SheetMistake]:
    changed = [each for each in planned if each.what != "leave"]
    after = _applied(community, changed)
    lines = {each.sensor.id: each.line for each in changed}
    found: list[SheetMistake] = []
    for mistake in devices.check(after):
        match = _OF_SENSOR.match(mistake.path)
        sensor = None if match is None else after.sensors[int(match[1])]
        if match is not None and sensor is not None and sensor.id in lines:
            column = re.split(r"[.\[]", match[2])[0]
            known = sensor.format if column == "options" else ""
            en = f"{mistake.message} {known}".strip() if sensor.site in devices.sites else "does not fit"
            if column == "address":  # whose it is may be out of reach
                en = "another sensor has the same format and address; every device stands once"
            found.append(SheetMistake(lines[sensor.id], column, Says(f"不能这样用：{en}", en)))
    return found


def _applied(community: Community, changed: Sequence[PlannedSensor]) -> Community:
    after: Mapping[str, Sensor] = {sensor.id: sensor for sensor in community.sensors} | {
        each.sensor.id: each.sensor for each in changed
    }
    return community.model_copy(update={"sensors": tuple(after.values())})
