"""Rule: one shape, what it counts for, how it clears, what it raises and says.

The form in which rules are written (`RuleSpec`) and the form in which the engine uses them (`Rule`). Everything
around a shape is here, once for all shapes; what a shape watches for is in `alerts/rules/`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from operator import attrgetter
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from alerts.language.around import COMMUNITY, Around, AroundSpec, Mutes, UnlessSpec, build_around
from alerts.language.duration import Seconds
from alerts.language.kinds import ALERT_KINDS
from alerts.language.pattern import Pattern, PatternSpec, build_pattern
from alerts.language.places import Places
from alerts.language.scope import ScopeSpec
from alerts.language.shape import Shape
from alerts.language.words import PLACES, Words, unknown_placeholders
from config.community import Level, Name
from config.hours import HoursList
from config.messages import Problem, one_of, unknown
from config.says import listed, says, write
from config.terms import ID_FORM, ID_FORM_ZH, ID_PATTERN
from hub.events import Event

BY_LEVEL = "by_level"
"""`severity: by_level`: the level is the one that the shape reached."""

ForEach = Literal["site", "household", "area", "community", "device", "sensor", "camera", "zone", "subject"]

KeyReader = Callable[[Event], str | None]

_PARTS: Mapping[str, KeyReader] = {
    "site": attrgetter("site"),
    "household": attrgetter("site"),
    "area": attrgetter("area"),
    "community": lambda _event: COMMUNITY,
    "device": attrgetter("source"),
    "sensor": attrgetter("source"),
    "camera": attrgetter("camera"),
    "zone": attrgetter("zone"),
    "subject": attrgetter("subject"),
}

_OWNER: Mapping[str, str] = {"zone": "camera", "subject": "device"}
"""A zone means something in its camera only, a subject within its source: alone, their key holds the owner too."""


_SITE = frozenset({"site", "household"})
_SHARED = _SITE | {"area", COMMUNITY}
"""Keys for which several devices may speak."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Raises(_Part):
    """What kind of alert, at which level."""

    model_config = ConfigDict(
        json_schema_extra=write("{kind: fire.smoke, severity: orange}", "{kind: fire.smoke, severity: orange}")
    )

    kind: str
    severity: Level | Literal["by_level"]


class ClearSpec(_Part):
    """When the alert's condition counts as normal again; nothing written: when the shape says so."""

    after_s: Seconds | None = Field(default=None, alias="after", gt=0)
    """So long without support."""
    when: PatternSpec | None = None
    """An event for the same key."""
    latch: bool = False
    """Alone: only when a person resolves it. With the others: it never closes by itself."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.after_s is not None and self.when is not None:
            raise ValueError(
                says(
                    "write either after or when: one condition decides when it is normal again",
                    "after 和 when 只写一个：由一个条件决定何时恢复正常",
                )
            )
        return self


class RuleSpec(_Part):
    """A rule as it is written in a rule file."""

    rule: Annotated[
        str,
        Field(
            pattern=ID_PATTERN,
            description=ID_FORM,
            json_schema_extra=write(ID_FORM, ID_FORM_ZH),
        ),
    ]
    version: Annotated[int, Field(ge=1)] = 1
    state: Literal["live", "shadow", "off"] = "live"
    name: Name
    raises: Raises
    for_each: Annotated[
        tuple[ForEach, ...],
        BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
        Field(
            min_length=1,
            max_length=4,
            json_schema_extra=write("site, camera or the like, or a list of such", "site、camera 等之一，或这样的列表"),
        ),
    ]
    scope: ScopeSpec | None = None
    only: HoursList = ()
    excluded: Annotated[HoursList, Field(alias="except")] = ()
    when: Annotated[
        dict[str, Any],
        Field(
            min_length=1,
            max_length=1,
            json_schema_extra=write("one shape, as {event: {kind: smoke}}", "一种形状，如 {event: {kind: smoke}}"),
        ),
    ]
    unless: UnlessSpec | None = None
    mutes: Mutes | None = None
    clear: ClearSpec = ClearSpec()
    say: Words
    do: Words

    @property
    def around(self) -> AroundSpec:
        """What stands around the shape."""
        return AroundSpec.model_validate(
            {
                "scope": self.scope,
                "only": self.only,
                "except": self.excluded,
                "unless": self.unless,
                "mutes": self.mutes,
            }
        )


@dataclass(frozen=True, slots=True)
class Clear:
    """When an alert's condition counts as normal again.

    Attributes:
        after_s: Seconds without support, or None.
        when: A pattern that ends it, or None.
        latch: A person has to reset it.
    """

    after_s: float | None = None
    when: Pattern | None = None
    latch: bool = False

    def due_us(self, now_us: int) -> int | None:
        """When it will be normal again if nothing supports it from now on; None when time alone does not make it so."""
        return None if self.after_s is None else now_us + round(self.after_s * 1_000_000)

    @property
    def by_person_only(self) -> bool:
        """Whether nothing but a person ends it."""
        return self.latch and self.after_s is None and self.when is None

    @property
    def reset_by_person(self) -> bool:
        """Whether it returns by itself, and a person has to reset the device then."""
        return self.latch and not self.by_person_only


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule ready to run.

    Attributes:
        id: Its name in files, states and the journal.
        version: As written.
        shadow: Whether it only records what it would raise.
        name: For people.
        kind: The alert kind it raises.
        level: Its level, None when the shape gives it.
        for_each: What it counts for.
        shape_kind: The word of its shape.
        shape: What it watches for.
        clear: When it is normal again.
        say: Templates of what it says.
        do: What to do about it.
        around: Where and when it counts, what withholds it, what it mutes.
        key_of: What an Event counts for; None when the Event does not say.
        hash: Of shape and key: as long as it is the same, state is kept over a change of the rule.
        near_m: So far around a site what happens counts for that site too, in metres; None for the site alone.
    """

    id: str
    version: int
    shadow: bool
    name: Name
    kind: str
    level: Level | None
    for_each: tuple[str, ...]
    shape_kind: str
    shape: Shape
    clear: Clear
    say: Words
    do: Words
    around: Around
    key_of: KeyReader
    hash: str
    near_m: float | None = None

    @property
    def looks_back_s(self) -> float:
        """How long before a moment that may have happened which decides at it, in seconds."""
        unless = self.around.unless
        withheld_s = 0.0 if unless is None else unless.within_us / 1e6
        return max(2 * self.shape.looks_back_s, self.clear.after_s or 0.0, withheld_s)

    @property
    def kinds(self) -> frozenset[str]:
        """Event kinds it has to see."""
        return self.shape.kinds | (self.clear.when.kinds if self.clear.when else frozenset())

    def on(self, places: Places) -> Rule:
        """The same rule in the community of `places`: its areas, hours and calendars."""
        around = self.around.on(places)
        return replace(self, around=around, shape=self.shape.counting(around.only).placed(places))

    def keys_near(self, event: Event, places: Places) -> tuple[str, ...]:
        """The other sites near which `event` happened, for a rule with `near_m`."""
        position = places.nearness.position(event)
        if self.near_m is None or position is None:
            return ()
        return tuple(site for site in places.nearness.sites_near(position, self.near_m) if site != event.site)


@cache
def key_reader(for_each: tuple[str, ...]) -> KeyReader:
    """What reads the key of these parts from an Event; asked for every Event and rule."""
    parts = [_PARTS[name] for name in for_each]
    if len(parts) == 1 and for_each[0] in _OWNER:
        parts.insert(0, _PARTS[_OWNER[for_each[0]]])
    if len(parts) == 1:
        return parts[0]

    def read(event: Event) -> str | None:
        found = [part(event) for part in parts]
        return None if None in found else "/".join(found)  # type: ignore[arg-type] # none of them is None

    return read


def build_rule(spec: RuleSpec, shape: Shape) -> Rule:
    """The Rule that `spec` describes, around its shape."""
    [shape_kind] = spec.when
    counted = json.dumps({"when": spec.when, "for_each": spec.for_each}, sort_keys=True)
    severity = spec.raises.severity
    return Rule(
        id=spec.rule,
        version=spec.version,
        shadow=spec.state == "shadow",
        name=spec.name,
        kind=spec.raises.kind,
        level=severity if isinstance(severity, Level) else None,
        for_each=spec.for_each,
        shape_kind=shape_kind,
        shape=shape,
        clear=Clear(
            after_s=spec.clear.after_s,
            when=None if spec.clear.when is None else build_pattern(spec.clear.when),
            latch=spec.clear.latch,
        ),
        say=spec.say,
        do=spec.do,
        around=build_around(spec.around, spec.for_each),
        key_of=key_reader(spec.for_each),
        hash=hashlib.sha256(counted.encode()).hexdigest()[:16],
        near_m=shape.near_m if len(spec.for_each) == 1 and _SITE.issuperset(spec.for_each) else None,
    )


def rule_problems(spec: RuleSpec, shape: Shape) -> list[Problem]:
    """What does not fit together in a rule whose parts are right."""
    found = []
    if spec.raises.kind not in ALERT_KINDS:
        found.append(Problem(("raises", "kind"), unknown(spec.raises.kind, tuple(ALERT_KINDS))))
    if shape.levels and spec.raises.severity != BY_LEVEL:
        found.append(
            Problem(
                ("raises", "severity"),
                says("the shape has levels of its own; write `by_level`", "这种形状自己分级；请写 `by_level`"),
            )
        )
    if not shape.levels and spec.raises.severity == BY_LEVEL:
        found.append(
            Problem(
                ("raises", "severity"),
                says(
                    "the shape has no levels; write {levels}", "这种形状不分级；请写 {levels}", levels=one_of([*Level])
                ),
            )
        )
    if shape.several_sources and not set(spec.for_each) <= _SHARED:
        found.append(
            Problem(
                ("for_each",),
                says(
                    "the shape needs several devices for one key; write site, area or community",
                    "这种形状要看多台设备；请写 site、area 或 community",
                ),
            )
        )
    if shape.counts_only_hours and not spec.around.only:
        found.append(
            Problem(
                ("when", "silence", "counted"),
                says(
                    "counts the hours of `only`; add `only`, or leave it out",
                    "按 `only` 的时段计时；请添加 `only`，或删去",
                ),
            )
        )
    if shape.counts_only_hours and any(hours.armed is not None for hours in spec.around.only):
        found.append(
            Problem(
                ("only",),
                says(
                    "`armed` is no time that can be counted; leave it out, or leave out `counted: only`",
                    "`armed` 不是可以计时的时段；请删去，或删去 `counted: only`",
                ),
            )
        )
    known = (*PLACES, *shape.facts)
    for part, words, names in (("say", spec.say, known), ("do", spec.do, known)):
        for language, wrong in unknown_placeholders(words, names):
            message = wrong
            if wrong.startswith("{"):
                message = says(
                    "{wrong} is unknown here; known are {names}",
                    "{wrong} 在这里无效；可用的有 {names}",
                    wrong=wrong,
                    names=listed(f"{{{name}}}" for name in names),
                )
            found.append(Problem((part, language), message))
    return found
