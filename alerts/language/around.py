"""Around: what stands around a shape in a rule. Where it counts, at which hours, what withholds it, what it mutes.

`AroundSpec` is how it is written, `Around` how the engine uses it: bound to the Places of a community, so that the
engine itself asks no clock and no calendar. What is written is compared by `digest`: a claim that was held back under
another one is looked at again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from alerts.alert import Alert
from alerts.arming import ARMING_KIND
from alerts.language.duration import Seconds
from alerts.language.pattern import Kinds, Pattern, PatternSpec, build_pattern
from alerts.language.places import Places
from alerts.language.scope import Reach, ScopeSpec, reach_of
from config.hours import HoursList
from config.says import write
from hub.calendar import Window

COMMUNITY = "community"
"""What a rule counts for that counts for everything there is, and its only key."""

Same = Literal["site", "household", "area", "camera", "zone"]
WRITE_SAME = write("one of site, area, camera, zone", "site、area、camera、zone 之一")


class UnlessSpec(PatternSpec):
    """What withholds a rule: an observation, or an alert of this kind."""

    within_s: Annotated[Seconds, Field(alias="within", gt=0)]
    """So long after it."""
    same: Annotated[Same, Field(json_schema_extra=WRITE_SAME)]
    """Where."""
    until: Kinds | None = None
    """Observation kinds that end it sooner."""


class MutesSpec(BaseModel):
    """Which alerts are not shown while one of this rule is active; a list alone is `of`."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra=write(
            "a list of rules or alert kinds, or {of: [...], same: site}",
            "规则或告警种类的列表，或 {of: [...], same: site}",
        ),
    )

    of: Annotated[
        tuple[str, ...],
        BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
        Field(min_length=1, max_length=50),
    ]
    same: (
        Annotated[
            Same | Literal["gateway"],
            Field(
                json_schema_extra=write(
                    "one of site, area, camera, zone, gateway", "site、area、camera、zone、gateway 之一"
                )
            ),
        ]
        | None
    ) = None
    """Where; None is what the rule counts for. `gateway`: what sensors say that speak through that gateway."""


Mutes = Annotated[
    MutesSpec, BeforeValidator(lambda value: {"of": value} if isinstance(value, (str, list, tuple)) else value)
]


class AroundSpec(BaseModel):
    """The keys of a rule that stand around its shape."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scope: ScopeSpec | None = None
    only: HoursList = ()
    excluded: Annotated[HoursList, Field(alias="except")] = ()
    unless: UnlessSpec | None = None
    mutes: Mutes | None = None


@dataclass(frozen=True, slots=True)
class Unless:
    """What withholds.

    Attributes:
        pattern: The observation, or the kind of alert.
        within_us: So long after it.
        same: Where.
        until: Observation kinds that end it.
        digest: Of what is written.
    """

    pattern: Pattern
    within_us: int
    same: str
    until: frozenset[str]
    digest: str


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around a shape.

    Attributes:
        spec: As written.
        reach: Where the rule counts, None for everywhere (also while it is not bound).
        only: When it counts, None for always.
        excluded: When it does not.
        unless: What withholds it.
        muted: Rules and alert kinds that it mutes.
        same: What muted alerts must have in common with it.
        digest: Of what is written and what it comes to in the community.
    """

    spec: AroundSpec
    reach: Reach | None = None
    only: Window | None = None
    excluded: Window | None = None
    unless: Unless | None = None
    muted: frozenset[str] = frozenset()
    same: tuple[str, ...] = ()
    digest: str = ""

    @property
    def watches(self) -> frozenset[str]:
        """Event and alert kinds that it has to hear of besides those of the shape."""
        kinds = frozenset() if self.unless is None else self.unless.pattern.kinds | self.unless.until
        return kinds | {ARMING_KIND} if self.asks_armed else kinds

    @property
    def asks_armed(self) -> bool:
        """Whether it counts by whether the place is armed."""
        return any(each.armed is not None for each in (*self.spec.only, *self.spec.excluded))

    def on(self, places: Places) -> Around:
        """The same, in the community of `places`."""
        spec, almanac = self.spec, places.almanac
        reach = None if spec.scope is None else reach_of(spec.scope, places)
        parts: list[object] = [spec.model_dump_json()]
        if spec.only or spec.excluded:
            days = {name: sorted(each) for name, each in almanac.calendars.items()}
            parts += [almanac.zone.key, sorted(days.items())]
        if reach is not None:
            within = (reach.sites, reach.areas, reach.devices, reach.without)
            parts += [None if each is None else sorted(each) for each in within]
        return replace(
            self,
            reach=reach,
            only=Window(spec.only, almanac) if spec.only else None,
            excluded=Window(spec.excluded, almanac) if spec.excluded else None,
            digest=_digest(repr(parts)),
        )


def build_around(spec: AroundSpec, for_each: tuple[str, ...]) -> Around:
    """What `spec` describes, not bound to a community yet."""
    unless: Unless | None = None
    if spec.unless is not None:
        unless = Unless(
            pattern=build_pattern(spec.unless),
            within_us=round(spec.unless.within_s * 1_000_000),
            same=spec.unless.same,
            until=frozenset(spec.unless.until or ()),
            digest=_digest(spec.unless.model_dump_json()),
        )
    mutes = spec.mutes
    return Around(
        spec,
        unless=unless,
        muted=frozenset() if mutes is None else frozenset(mutes.of),
        same=for_each if mutes is None or mutes.same is None else (mutes.same,),
        digest=_digest(spec.model_dump_json()),
    )


def place_of(same: str, place: Mapping[str, Any], places: Places) -> str | None:
    """What stands for `same` in a place (site, area, camera, zone); None when it is not known."""
    site, camera, zone = place.get("site"), place.get("camera"), place.get("zone")
    if same in ("site", "household"):
        return site
    if same == COMMUNITY:
        return COMMUNITY
    if same == "area":
        return place.get("area") or places.area_of_site.get(site or "")
    if same == "camera":
        return camera
    return f"{camera}/{zone}" if camera is not None and zone is not None else None


def alert_place(alert: Alert) -> dict[str, str | None]:
    """Where an Alert is, for `place_of`."""
    return {"site": alert.site, "area": alert.area, "camera": alert.camera, "zone": alert.zone}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
