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
    ("大桥路口", "Bridge junction", 3),
    ("老街路口", "Old street junction", 2),
    ("学校路口", "School junction", 2),
    ("卫生院路口", "Clinic junction", 2),
    ("市场路口", "Market junction", 2),
    ("砖厂路口", "Brickworks junction", 2),
    ("茶山路口", "Tea hill junction", 1),
    ("码头路口", "Landing junction", 1),
)
"""Name in Chinese and English, number of cameras: 15 together."""
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
FLAME = ("ignore", "灶台", "Stove", ((0.05, 0.5), (0.22, 0.5), (0.22, 0.72), (0.05, 0.72)))
BACK_DOOR = ("watched", "后门", "Back door", ((0.05, 0.4), (0.3, 0.4), (0.3, 0.95), (0.05, 0.95)))
WALL_TOP = ("wall", "围墙", "Wall", ((0.0, 0.22), (0.5, 0.25), (0.5, 0.3), (0.0, 0.28)))
STAIRS = ("indoors", "楼道", "Stairwell", ((0.05, 0.3), (0.45, 0.3), (0.5, 0.95), (0.02, 0.95)))
DESK = ("post", "值班台", "Guard's desk", ((0.1, 0.45), (0.5, 0.45), (0.5, 0.9), (0.1, 0.9)))

Zone = tuple[str, str, str, tuple[tuple[float, float], ...]]

BESIDE_THE_STORE = {
    "Home Kitchen Restaurant": (FLAME,),
    "Filling Station": (BACK_DOOR,),
    "Hope Primary School": (WALL_TOP,),
    "Village Clinic": (STAIRS,),
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
    Device("temp-hall", "堂屋温度", "Hall temperature", "temperature", 7_200),
    Device("temp-stove", "灶台温度", "Stove temperature", "temperature", 7_200),
    Device("door", "大门", "Front door", "door", 14_400),
    Device("leak", "厕所水浸", "Bathroom leak", "water_leak", 14_400),
    Device("motion", "堂屋人体", "Hall motion", "motion", 14_400),
    Device("sos", "床头呼叫", "Bedside call", "sos", life_safety=True),
    Device("power", "电表", "Power meter", "power", 600, zigbee=False),
)
"""10 in each of 105 households."""
ENTERPRISE_DEVICES = (
    Device("smoke-store", "库房烟感", "Store smoke", "smoke", 14_400, life_safety=True),
    Device("smoke-office", "办公室烟感", "Office smoke", "smoke", 14_400, life_safety=True),
    Device("gas", "可燃气体", "Combustible gas", "gas", 600, zigbee=False, life_safety=True),
    Device("temp-store", "库房温度", "Store temperature", "temperature", 7_200),
    Device("temp-cabinet", "配电柜温度", "Cabinet temperature", "temperature", 600, zigbee=False),
    Device("door-store", "库房门", "Store door", "door", 14_400),
    Device("door-back", "后门", "Back door", "door", 14_400),
    Device("motion", "库房人体", "Store motion", "motion", 14_400),
    Device("sos", "值班呼叫", "Guard's call", "sos", life_safety=True),
    Device("power", "总电表", "Main power meter", "power", 60, zigbee=False),
)
"""10 in each of 12 enterprises."""
JUNCTION_DEVICES = (
    Device("power", "机柜电表", "Cabinet power", "power", 600, zigbee=False),
    Device("temp", "机柜温度", "Cabinet temperature", "temperature", 600, zigbee=False),
)
"""2 at each of 8 junctions, and the water level at the first six: 22."""
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
    for number, (zh, en, count) in enumerate(JUNCTIONS, start=1):
        site = f"junction-{number}"
        sites.append(_site(site, (zh, en), area=_group(number * 11), ring="road"))
        for turn in range(count):
            within = (CROSSING,) if turn == 0 else (BUS_STOP,)
            cameras.add(site, zh, en, zones=(LANE, NO_PARKING, SKY, *within), sub=True)
        devices = (*JUNCTION_DEVICES, WATER_LEVEL) if number <= 6 else JUNCTION_DEVICES  # noqa: PLR2004 - by the river
        sensors += [_sensor(site, device) for device in devices]
    for number, (zh, en, count) in enumerate(ENTERPRISES, start=1):
        site = f"enterprise-{number:02d}"
        sites.append(_site(site, (zh, en), area=_group(number * 8), ring="enterprise"))
        for turn in range(count):
            zones = (FIRE_LANE,) if turn == 0 else (STORE, *BESIDE_THE_STORE.get(en, ()))
            cameras.add(site, zh, en, zones=zones, sub=True)
        sensors += [_sensor(site, device) for device in ENTERPRISE_DEVICES]
    for number in range(1, HOUSEHOLDS + 1):
        zh, en = SURNAMES[number % len(SURNAMES)].split(":")
        alone = number % 7 == 0
        site = f"hh-{number:03d}"
        names = (f"{zh}家 {number}号", f"{en} house, no. {number}")
        sites.append(_site(site, names, area=_group(number), ring="household", tags="lives-alone" if alone else ""))
        for _ in range(2 if number <= 7 else 1):  # noqa: PLR2004 - seven yards have a second camera
            cameras.add(site, f"{zh}家院坝", f"{en} yard", zones=(), sub=number % 3 == 0)
        sensors += [_sensor(site, device) for device in HOUSEHOLD_DEVICES]
        if alone and number <= 56:  # noqa: PLR2004 - eight times seven
            sensors.append(_sensor(site, SECOND_CALL))
    head = "name: {zh: 大坪子村, en: Dapingzi}\ntimezone: Asia/Shanghai\ncolours: four_colour_village"
    parts = (head, "areas:", *_areas(), "sites:", *sites, "cameras:", *cameras.lines, "sensors:", *sensors)
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
