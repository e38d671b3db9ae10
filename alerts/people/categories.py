"""Categories: what people can report, in their words, with the alert kind and the level that each stands for.

The level decides what becomes of it: blue and green are requests, with days; everything above is an alarm, with
minutes, because somebody may be in danger. Starting values for one site.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from config.community import Level, Name

RESIDENT = "report.resident"
"""The kind of what has no kind of its own."""
OTHER = "other"


@dataclass(frozen=True, slots=True)
class Category:
    """One thing that people report.

    Attributes:
        id: As it is sent.
        zh, en: Its name.
        kind: Alert kind; its family decides with which devices' alerts it is one happening.
        level: Of the incident that it opens.
    """

    id: str
    zh: str
    en: str
    kind: str = RESIDENT
    level: Level = Level.NOTICE

    @property
    def name(self) -> Name:
        """Its name in both languages."""
        return Name(zh=self.zh, en=self.en)

    @property
    def is_request(self) -> bool:
        """Whether it has days."""
        return self.level.rank <= Level.NOTICE.rank


CATEGORIES: Mapping[str, Category] = MappingProxyType(
    {
        each.id: each
        for each in (
            Category("fire", "火情", "Fire", "fire.manual_call", Level.SERIOUS),
            Category("burning", "露天焚烧", "Open burning", "fire.open_burning", Level.WARNING),
            Category("fire_lane", "消防通道堵塞", "Fire lane blocked", "fire.lane_blocked", Level.WARNING),
            Category("help", "求助", "Call for help", "sos.app", Level.CRITICAL),
            Category("fall", "有人跌倒", "Somebody fell", "care.fall", Level.SERIOUS),
            Category("crash", "交通事故", "Traffic accident", "road.crash", Level.SERIOUS),
            Category("debris", "落石/路障", "Rocks or debris on the road", "road.debris", Level.SERIOUS),
            Category("road_animal", "牲畜上路", "Animal on the road", "road.animal", Level.WARNING),
            Category("flood", "积水内涝", "Water on the road", "flood.road", Level.SERIOUS),
            Category("landslide", "滑坡/房屋倾斜", "Landslide or leaning house", "geo.tilt", Level.SERIOUS),
            Category("gas", "燃气异味", "Smell of gas", "gas.combustible", Level.SERIOUS),
            Category("power", "停电/电线隐患", "Power cut or dangerous wire", "power.outage", Level.WARNING),
            Category("water", "漏水", "Water leak", "water.leak", Level.WARNING),
            Category("fight", "打架纠纷", "Fight", "crowd.fight", Level.SERIOUS),
            Category("stranger", "可疑人员", "Suspicious person", "area.intrusion", Level.WARNING),
            Category("parking", "乱停车", "Illegal parking", "road.illegal_parking"),
            Category("rubbish", "垃圾满溢", "Bin full", "env.bin_full"),
            Category("dumping", "乱倒垃圾", "Dumping", "env.dumping"),
            Category("noise", "噪声扬尘", "Noise or dust", "env.dust_noise"),
            Category("discharge", "排污", "Waste water", "env.discharge", Level.WARNING),
            Category("road_damage", "道路破损", "Road damage"),
            Category("light", "路灯不亮", "Street light out"),
            Category("facility", "公共设施损坏", "Public facility broken"),
            Category("advice", "建议咨询", "Advice or question", level=Level.INFO),
            Category(OTHER, "其他", "Something else"),
        )
    }
)
"""All of them, by id, the most urgent first."""

_BY_KIND = {each.kind: each for each in reversed(tuple(CATEGORIES.values())) if each.kind != RESIDENT} | {
    RESIDENT: CATEGORIES[OTHER]
}


def category_of(category: str | None, kind: str | None) -> Category | None:
    """The category that a sender means: by its id, or by an alert kind; without either, something else.

    Returns:
        None when there is none such.
    """
    if category is not None:
        return CATEGORIES.get(category)
    return CATEGORIES[OTHER] if kind is None else _BY_KIND.get(kind)


def found_by(words: str) -> tuple[str, ...]:
    """The ids of the categories in whose id or name these words stand."""
    sought = words.casefold()
    return tuple(
        each.id
        for each in CATEGORIES.values()
        if any(sought in text.casefold() for text in (each.id, each.zh, each.en))
    )
