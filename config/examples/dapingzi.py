"""Dapingzi, the community this hub is sized on, as a community.yaml.

`python -m config.examples.dapingzi > community.yaml`

159 cameras (15 at road junctions, 32 in enterprises, 112 in 105 households), 1,200 sensors and the four-level grid of
1, 3, 8 and 97 areas. The same text every time: nothing is random, so that benchmarks compare. Names and addresses are
made up. `--streams rtsp://127.0.0.1:8554` puts every camera on one server, as `<address>/<camera>/main` and `/sub`.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

SECTIONS = (("河东片区", "East bank"), ("河西片区", "West bank"), ("坪上片区", "Upper terrace"))
BLOCKS = (
    (0, "老街组", "Old street"),
    (0, "码头组", "Landing"),
    (0, "桥头组", "Bridgehead"),
    (1, "新村组", "New village"),
    (1, "砖厂组", "Brickworks"),
    (1, "水井组", "Well"),
    (2, "茶山组", "Tea hill"),
    (2, "坪顶组", "Terrace top"),
)
"""Section, then the name in Chinese and English."""
GROUPS = 97
HOUSEHOLDS = 105
JUNCTIONS = (
    ("大桥路口", "Bridge junction", 3, 3, "fast-road"),
    ("老街路口", "Old street junction", 2, 1, ""),
    ("学校路口", "School junction", 2, 4, "gathering-place"),
    ("卫生院路口", "Clinic junction", 2, 6, ""),
    ("市场路口", "Market junction", 2, 8, "gathering-place"),
    ("砖厂路口", "Brickworks junction", 2, 5, ""),
    ("茶山路口", "Tea hill junction", 1, 7, "slope"),
    ("码头路口", "Landing junction", 1, 2, ""),
)
"""Name in Chinese and English, number of cameras (15 together), block in which it lies, tag besides `hot-place`."""
ENTERPRISES = (
    ("大坪子砖厂", "Dapingzi Brickworks", 4),
    ("坪上茶业", "Terrace Tea", 3),
    ("丰收粮油", "Harvest Grain and Oil", 3),
    ("河东木业", "East Bank Timber", 3),
    ("便民超市", "Corner Supermarket", 2),
    ("农机站", "Farm Machinery Station", 2),
    ("加油站", "Filling Station", 4),
    ("液化气站", "Bottled Gas Depot", 3),
    ("希望小学", "Hope Primary School", 3),
    ("村卫生院", "Village Clinic", 2),
    ("快递驿站", "Parcel Point", 1),
    ("家常饭店", "Home Kitchen Restaurant", 2),
)
"""Name in Chinese and English, number of cameras: 32 together."""
TAGS = {"Terrace Tea": "fields", "Hope Primary School": "gathering-place", "Corner Supermarket": "keep-shut"}
"""Tags of enterprises."""
MARKET_DAYS = tuple(date(2026, 1, 4) + timedelta(weeks=week) for week in range(52))
"""Every Sunday of the year."""
CALENDARS = {
    "holiday": ("2026-01-01/2026-01-03", "2026-02-16/2026-02-22", "2026-05-01/2026-05-05", "2026-10-01/2026-10-07"),
    "workday": ("2026-02-15", "2026-02-28", "2026-05-09", "2026-09-27"),
    "market": MARKET_DAYS,
    "festival": ("2026-02-16/2026-02-17", "2026-03-03", "2026-04-05", "2026-08-27"),
    "harvest": ("2026-05-20/2026-06-10", "2026-09-15/2026-10-10"),
    "burning_ban": ("2026-05-15/2026-06-20", "2026-09-10/2026-10-31"),
    "burning_allowed": ("2026-12-01/2026-12-10",),
    "heat_wave": ("2026-07-18/2026-08-12",),
    "gathering": ("2026-03-21",),
    "maintenance": ("2026-04-14/2026-04-15", "2026-10-20/2026-10-21"),
    "pump_test": ("2026-03-16", "2026-09-14"),
    "calibration": ("2026-03-18",),
    "loading": ("2026-09-20",),
    "sandstorm": (),
}
"""Days by name, for the hours of rules."""
SURNAMES = (
    "李:Li",
    "王:Wang",
    "张:Zhang",
    "刘:Liu",
    "陈:Chen",
    "杨:Yang",
    "黄:Huang",
    "周:Zhou",
    "吴:Wu",
    "罗:Luo",
    "何:He",
)

LANE = ("lane", "车道", "Lane", ((0.18, 0.98), (0.42, 0.35), (0.58, 0.35), (0.86, 0.98)))
NO_PARKING = ("no_parking", "禁停区", "No parking", ((0.02, 0.97), (0.16, 0.97), (0.38, 0.4), (0.33, 0.4)))
SKY = ("ignore", "天空和树", "Sky and trees", ((0.0, 0.0), (1.0, 0.0), (1.0, 0.18), (0.0, 0.22)))
CROSSING = ("crossing", "人行横道", "Crossing", ((0.3, 0.62), (0.74, 0.62), (0.78, 0.72), (0.26, 0.72)))
BUS_STOP = ("stopping", "公交站", "Bus stop", ((0.6, 0.75), (0.76, 0.75), (0.84, 0.97), (0.66, 0.97)))
FIRE_LANE = ("fire_lane", "消防通道", "Fire lane", ((0.1, 0.95), (0.35, 0.45), (0.6, 0.45), (0.7, 0.95)))
STORE = ("guarded", "库区", "Store", ((0.55, 0.3), (0.95, 0.3), (0.98, 0.9), (0.6, 0.9)))
FLAME = ("flame", "灶台", "Stove", ((0.05, 0.5), (0.22, 0.5), (0.22, 0.72), (0.05, 0.72)))
BACK_DOOR = ("watched", "后门", "Back door", ((0.05, 0.4), (0.3, 0.4), (0.3, 0.95), (0.05, 0.95)))
WALL_TOP = ("wall", "围墙", "Wall", ((0.0, 0.22), (0.5, 0.25), (0.5, 0.3), (0.0, 0.28)))
STAIRS = ("indoors", "楼道", "Stairwell", ((0.05, 0.3), (0.45, 0.3), (0.5, 0.95), (0.02, 0.95)))
EXTINGUISHER = ("fixture", "灭火器", "Extinguisher", ((0.3, 0.5), (0.36, 0.5), (0.36, 0.66), (0.3, 0.66)))
EXIT = ("clear", "安全出口", "Emergency exit", ((0.6, 0.6), (0.9, 0.6), (0.9, 0.95), (0.6, 0.95)))
POND = ("water", "鱼塘边", "Edge of the fish pond", ((0.0, 0.6), (0.4, 0.55), (0.45, 0.9), (0.0, 0.95)))
NEIGHBOUR = ("private", "邻居窗户", "Neighbour's window", ((0.85, 0.1), (0.97, 0.1), (0.97, 0.25), (0.85, 0.25)))
DESK = ("post", "值班台", "Guard's desk", ((0.1, 0.45), (0.5, 0.45), (0.5, 0.9), (0.1, 0.9)))

Zone = tuple[str, str, str, tuple[tuple[float, float], ...]]

BESIDE_THE_STORE = {
    "Home Kitchen Restaurant": (FLAME, EXTINGUISHER),
    "Filling Station": (BACK_DOOR, NEIGHBOUR),
    "Hope Primary School": (WALL_TOP, POND),
    "Village Clinic": (STAIRS, EXIT),
    "Bottled Gas Depot": (DESK,),
}
"""Further zones of an enterprise's cameras, but the first."""


@dataclass(frozen=True, slots=True)
class Device:
    """A sensor that stands in every site of a sort.

    Attributes:
        key: Last part of its id.
        zh: Name in Chinese.
        en: Name in English.
        kind: What it observes.
        silent_after_s: Seconds; None for one that reports only changes.
        zigbee: Speaks Zigbee2MQTT, else plainly to the hub.
        life_safety: People depend on it.
    """

    key: str
    zh: str
    en: str
    kind: str
    silent_after_s: int | None = None
    zigbee: bool = True
    life_safety: bool = False


HOUSEHOLD_DEVICES = (
    Device("smoke-kitchen", "厨房烟感", "Kitchen smoke", "smoke", 14_400, life_safety=True),
    Device("smoke-hall", "堂屋烟感", "Hall smoke", "smoke", 14_400, life_safety=True),
    Device("gas", "厨房燃气", "Kitchen gas", "gas", 3_600, life_safety=True),
    Device("temp-stove", "灶台温度", "Stove temperature", "temperature", 7_200),
    Device("door", "大门", "Front door", "door", 14_400),
    Device("leak", "厕所水浸", "Bathroom leak", "water_leak", 14_400),
    Device("motion", "堂屋人体", "Hall motion", "motion", 14_400),
    Device("sos", "床头呼叫", "Bedside call", "sos", life_safety=True),
    Device("power", "电表", "Power meter", "power", 600, zigbee=False),
)
"""9 in each of 105 households."""
IN_THE_HALL = (
    Device("fall", "卧室雷达", "Bedroom radar", "fall", 600, zigbee=False, life_safety=True),
    Device("co", "一氧化碳", "Carbon monoxide", "co", 3_600, life_safety=True),
    Device("temp-hall", "堂屋温度", "Hall temperature", "temperature", 7_200),
    None,
    Device("presence", "卧室存在", "Bedroom presence", "presence", 14_400),
    None,
    None,
)
"""One more in 65 of them, by the number of the house: the first is for those who live alone."""
ENTERPRISE_DEVICES = (
    Device("smoke-store", "库房烟感", "Store smoke", "smoke", 14_400, life_safety=True),
    Device("smoke-office", "办公室烟感", "Office smoke", "smoke", 14_400, life_safety=True),
    Device("gas", "可燃气体", "Combustible gas", "gas", 600, zigbee=False, life_safety=True),
    Device("temp-store", "库房温度", "Store temperature", "temperature", 7_200),
    Device("temp-cabinet", "配电柜温度", "Cabinet temperature", "temperature", 600, zigbee=False),
    Device("door-store", "库房门", "Store door", "door", 14_400),
    Device("door-back", "后门", "Back door", "door", 14_400),
    Device("sos", "值班呼叫", "Guard's call", "sos", life_safety=True),
    Device("power", "总电表", "Main power meter", "power", 60, zigbee=False),
)
"""9 in each of 12 enterprises."""
ENTERPRISE_OWN = (
    Device("dust", "扬尘", "Dust", "pm10", 600, zigbee=False),
    Device("ph", "排口酸碱度", "Outlet pH", "ph", 600, zigbee=False),
    Device("cable", "线缆温度", "Cable temperature", "cable_temperature", 600, zigbee=False),
    Device("noise", "噪声", "Noise", "noise", 600, zigbee=False),
    Device("motion", "库房人体", "Store motion", "motion", 14_400),
    Device("leakage", "剩余电流", "Residual current", "residual_current", 600, zigbee=False),
    Device("panel", "消防主机", "Fire alarm panel", "fire_panel", zigbee=False, life_safety=True),
    Device("flame", "火焰探测器", "Flame detector", "flame", 600, zigbee=False, life_safety=True),
    Device("hydrant", "消防栓水压", "Hydrant pressure", "water_pressure", 600, zigbee=False),
    Device("call", "手动报警按钮", "Fire call point", "fire_call", zigbee=False, life_safety=True),
    Device("bin", "垃圾箱", "Bin", "fill", 3_600, zigbee=False),
    Device("drain", "排口浊度", "Outlet turbidity", "turbidity", 600, zigbee=False),
)
"""And one of its own in each."""
JUNCTION_DEVICES = (
    Device("temp", "机柜温度", "Cabinet temperature", "temperature", 600, zigbee=False),
    *(
        Device(f"feeder-{n}", f"台区馈线{n}", f"Transformer feeder {n}", "mains", 600, zigbee=False)
        for n in range(1, 6)
    ),
)
"""6 at each of 8 junctions, and the water level at the first six."""
JUNCTION_OWN = (
    Device("radar", "测速雷达", "Speed radar", "speed", zigbee=False),
    Device("puddle", "积水", "Water on the road", "road_water", 600, zigbee=False),
    Device("incidents", "事件雷达", "Incident radar", "incident", zigbee=False),
    Device("rain", "雨量", "Rain", "rain", 600, zigbee=False),
    Device("speed", "测速雷达", "Speed radar", "speed", zigbee=False),
    Device("puddle", "积水", "Water on the road", "road_water", 600, zigbee=False),
    Device("slope", "边坡倾角", "Slope tilt", "tilt", 600, zigbee=False),
    Device("wind", "风速", "Wind", "wind", 600, zigbee=False),
)
"""And one of its own at each."""
WATER_LEVEL = Device("level", "水位", "Water level", "water_level", 900, zigbee=False, life_safety=True)
SECOND_CALL = Device("sos-bath", "厕所呼叫", "Bathroom call", "sos", life_safety=True)
"""In the first 8 households where somebody lives alone."""


def dapingzi(streams: str | None = None) -> str:
    """The text of community.yaml.

    Args:
        streams: Address of one server for all cameras; None gives every camera one of its own.
    """
    cameras = _Cameras(streams)
    sites: list[str] = []
    sensors: list[str] = []
    for number, (zh, en, count, block, tag) in enumerate(JUNCTIONS, start=1):
        site = f"junction-{number}"
        tags = ", ".join(filter(None, ("hot-place", tag)))
        sites.append(_site(site, (zh, en), area=f"block-{block}", ring="road", tags=tags))
        for turn in range(count):
            within = (CROSSING,) if turn == 0 else (BUS_STOP,)
            cameras.add(site, zh, en, zones=(LANE, NO_PARKING, SKY, *within), sub=True)
        devices = (*JUNCTION_DEVICES, JUNCTION_OWN[number - 1])
        devices = (*devices, WATER_LEVEL) if number <= 6 else devices  # noqa: PLR2004 - by the river
        sensors += [_sensor(site, device) for device in devices]
    for number, (zh, en, count) in enumerate(ENTERPRISES, start=1):
        site = f"enterprise-{number:02d}"
        sites.append(_site(site, (zh, en), area=_group(number * 8), ring="enterprise", tags=TAGS.get(en, "")))
        for turn in range(count):
            zones = (FIRE_LANE,) if turn == 0 else (STORE, *BESIDE_THE_STORE.get(en, ()))
            cameras.add(site, zh, en, zones=zones, sub=True)
        sensors += [_sensor(site, device) for device in (*ENTERPRISE_DEVICES, ENTERPRISE_OWN[number - 1])]
    for number in range(1, HOUSEHOLDS + 1):
        zh, en = SURNAMES[number % len(SURNAMES)].split(":")
        alone = number % 7 == 0
        site = f"hh-{number:03d}"
        names = (f"{zh}家 {number}号", f"{en} house, no. {number}")
        sites.append(_site(site, names, area=_group(number), ring="household", tags=_tags_of_house(number)))
        for _ in range(2 if number <= 7 else 1):  # noqa: PLR2004 - seven yards have a second camera
            cameras.add(site, f"{zh}家院坝", f"{en} yard", zones=(), sub=number % 3 == 0)
        sensors += [_sensor(site, device) for device in HOUSEHOLD_DEVICES]
        if (own := _in_the_hall(number)) is not None:
            sensors.append(_sensor(site, own))
        if alone and number <= 56:  # noqa: PLR2004 - eight times seven
            sensors.append(_sensor(site, SECOND_CALL))
    head = "name: {zh: 大坪子村, en: Dapingzi}\ntimezone: Asia/Shanghai\ncolours: four_colour_village"
    parts = (
        head,
        "phones:",
        '  - {name: {zh: 村值守室, en: Monitoring room}, number: "023-5550 0110"}',
        "calendars:",
        *_calendars(),
        "areas:",
        *_areas(),
        "sites:",
        *sites,
        "cameras:",
        *cameras.lines,
        "sensors:",
        *sensors,
        "duties:",
        *_duties(),
    )
    return "\n".join(parts) + "\n"


def _areas() -> Iterator[str]:
    yield "  - {id: dapingzi, name: {zh: 大坪子村, en: Dapingzi}}"
    for number, (zh, en) in enumerate(SECTIONS, start=1):
        yield f"  - {{id: section-{number}, parent: dapingzi, name: {{zh: {zh}, en: {en}}}}}"
    for number, (section, zh, en) in enumerate(BLOCKS, start=1):
        yield f"  - {{id: block-{number}, parent: section-{section + 1}, name: {{zh: {zh}, en: {en}}}}}"
    for number in range(1, GROUPS + 1):
        names = f"{{zh: 第{number}微网格, en: Group {number}}}"
        yield f"  - {{id: {_group(number)}, parent: block-{number % len(BLOCKS) + 1}, name: {names}}}"


def _duties() -> Iterator[str]:
    """Somebody at each of the four levels: wardens by day, blocks longer, sections on their days, the centre always."""
    for number in range(1, GROUPS + 1):
        area = _group(number)
        yield f'  - {{account: {area}, area: {area}, on: {{between: "07:00-21:00"}}}}'
        neighbour = _group(number % GROUPS + 1)
        yield f'  - {{account: {neighbour}, area: {area}, standby: true, on: {{between: "07:00-21:00"}}}}'
    for number in range(1, len(BLOCKS) + 1):
        yield f'  - {{account: block-{number}, area: block-{number}, on: {{between: "06:00-23:00"}}}}'
    for number in range(1, len(SECTIONS) + 1):
        area = f"section-{number}"
        yield f"  - {{account: {area}, area: {area}, on: {{calendar: workday}}}}"
        off = "[{days: [sat, sun]}, {calendar: holiday}]"
        yield f"  - {{account: {area}-deputy, area: {area}, on: {off}}}"
    yield "  - {account: centre, area: dapingzi}"
    yield "  - {account: centre-2, area: dapingzi, standby: true}"


def _calendars() -> Iterator[str]:
    for name, days in CALENDARS.items():
        yield f"  {name}: [{', '.join(str(day) for day in days)}]"


def _tags_of_house(number: int) -> str:
    if number % 7:
        return ""
    return "lives-alone, may-wander" if number in (14, 35) else "lives-alone"


def _in_the_hall(number: int) -> Device | None:
    """What stands in the hall besides; every seventh house has somebody who lives alone."""
    if number % 7 == 5 and number > 70:  # noqa: PLR2004 - five of fifteen, so that all sensors are 1,200
        return IN_THE_HALL[2]
    return IN_THE_HALL[number % 7]


def _group(number: int) -> str:
    return f"group-{(number - 1) % GROUPS + 1:02d}"


def _site(site: str, names: tuple[str, str], *, area: str, ring: str, tags: str = "") -> str:
    """One line; the location is somewhere in the village, different for every site."""
    place = sum(ord(letter) * (index + 7) for index, letter in enumerate(site))
    location = f"{{lat: {29.35 + place % 97 / 5000:.4f}, lon: {106.15 + place % 89 / 4000:.5f}}}"
    zh, en = names
    name = f'{{zh: "{zh}", en: "{en}"}}'
    more = f", tags: [{tags}]" if tags else ""
    return f"  - {{id: {site}, name: {name}, area: {area}, ring: {ring}, location: {location}{more}}}"


def _sensor(site: str, device: Device) -> str:
    parts = [f"id: {site}-{device.key}", f"site: {site}", f'name: {{zh: {device.zh}, en: "{device.en}"}}']
    if device.zigbee:
        parts += ["format: zigbee2mqtt", f"address: {site}/{device.key}"]
    parts.append(f"kinds: [{device.kind}]")
    if device.silent_after_s is not None:
        parts.append(f"silent_after_s: {device.silent_after_s}")
    if device.life_safety:
        parts.append("life_safety: true")
    return f"  - {{{', '.join(parts)}}}"


class _Cameras:
    """The lines of all cameras, numbered through."""

    def __init__(self, streams: str | None) -> None:
        self.lines: list[str] = []
        self._streams = streams.rstrip("/") if streams else None
        self._numbers = itertools.count(1)

    def add(self, site: str, zh: str, en: str, *, zones: tuple[Zone, ...], sub: bool) -> None:
        number = next(self._numbers)
        camera = f"cam-{number:03d}"
        self.lines += [
            f"  - id: {camera}",
            f"    site: {site}",
            f'    name: {{zh: "{zh} {number}", en: "{en} {number}"}}',
            f'    main: {{url: "{self._url(camera, number, "main")}"}}',
        ]
        if sub:
            self.lines.append(f'    sub: {{url: "{self._url(camera, number, "sub")}"}}')
        if zones:
            self.lines.append("    zones:")
        for index, (use, zone_zh, zone_en, points) in enumerate(zones, start=1):
            corners = ", ".join(f"[{x}, {y}]" for x, y in points)
            name = f"{{zh: {zone_zh}, en: {zone_en}}}"
            self.lines.append(f"      - {{id: zone-{index}, use: {use}, name: {name}, points: [{corners}]}}")

    def _url(self, camera: str, number: int, stream: str) -> str:
        """As the three makes of camera in the village want it."""
        if self._streams:
            return f"{self._streams}/{camera}/{stream}"
        host = f"10.20.{number // 200 + 1}.{number % 200 + 20}"
        low = int(stream == "sub")
        return (
            f"rtsp://{host}:554/Streaming/Channels/10{low + 1}",
            f"rtsp://{host}:554/cam/realmonitor?channel=1&subtype={low}",
            f"rtsp://{host}:554/stream{low + 1}",
        )[number % 3]


def main() -> None:
    """Write the text to standard output."""
    parser = argparse.ArgumentParser(prog="python -m config.examples.dapingzi", description=dapingzi.__doc__)
    parser.add_argument("--streams", help="address of one server for all cameras, as rtsp://127.0.0.1:8554")
    text = dapingzi(parser.parse_args().streams)
    sys.stdout.buffer.write(text.encode("utf-8"))  # whatever the terminal of this machine uses


if __name__ == "__main__":
    main()
