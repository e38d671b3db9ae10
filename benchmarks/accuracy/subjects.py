"""Subjects: what is looked for in clips, by which labels, Events and alerts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_VIEW_EVENTS: Final = (
    "camera.view_covered",
    "camera.view_blurred",
    "camera.view_moved",
    "camera.view_frozen",
    "camera.view_dark",
    "camera.view_glare",
)


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing that clips are labelled with and that somebody is told of.

    Attributes:
        name: What it is called in the table.
        events: Kinds of Event that tell of it.
        alerts: Kinds of alert that the room gets of it.
        labels: What it is labelled with.
        aside: Labels of time in which being told of it is neither right nor wrong.
        after_s: How long after the end of a label being told still belongs to it.
        within_s: How soon it ought to be told.
    """

    name: str
    events: frozenset[str]
    alerts: frozenset[str]
    labels: frozenset[str]
    aside: frozenset[str] = frozenset()
    after_s: float = 2.0
    within_s: float = 10.0


def _subject(
    name: str,
    events: tuple[str, ...],
    alerts: tuple[str, ...],
    labels: tuple[str, ...],
    *,
    aside: tuple[str, ...] = (),
    after_s: float = 2.0,
    within_s: float = 10.0,
) -> Subject:
    return Subject(
        name, frozenset(events), frozenset(alerts), frozenset(labels), frozenset(aside), after_s, within_s
    )  # fmt: skip


SUBJECTS: Final[tuple[Subject, ...]] = (
    # A fire is told in its first seconds or by its smoke; where there is either, the other may well be there too.
    _subject("fire", ("camera.fire",), ("fire.camera_flame",), ("fire",), aside=("smoke", "controlled_flame")),
    _subject(
        "smoke", ("camera.smoke",), ("fire.camera_smoke",), ("smoke",),
        aside=("fire", "controlled_flame", "extinguisher_cloud"), within_s=15.0,
    ),
    # A crash is told when both stand: that may be after what was labelled as the impact.
    _subject(
        "crash", ("camera.collision",), ("road.crash",), ("accident",), aside=("accident_aftermath",),
        after_s=12.0, within_s=5.0,
    ),
    # Told once the scene stands still again. No rule that comes along alerts to it.
    _subject("collapse", ("camera.scene_changed",), (), ("collapse",), aside=("aftermath",), after_s=5.0),
    _subject(
        "intrusion", ("camera.climbing",), ("area.intrusion", "area.climbing"), ("intrusion",), after_s=5.0,
    ),
    _subject("wrong way", ("camera.wrong_way",), ("road.wrong_way",), ("wrong_way",), after_s=5.0),
    _subject("fall", ("camera.person_down",), ("care.fall",), ("fall",), aside=("lying",), after_s=10.0),
    _subject(
        "tamper", _VIEW_EVENTS,
        ("camera.covered", "camera.blurred", "camera.moved", "camera.frozen", "camera.dark_glare"),
        ("covered", "obscured", "blurred", "moved", "frozen", "dark", "glare"), after_s=5.0, within_s=30.0,
    ),
)  # fmt: skip
"""Everything that the table has a row for; alerts of other kinds are listed below it."""

ORDINARY: Final = frozenset({"none", "person", "person_count", "count", "vehicle", "other"})
"""Labels of what happens every day: a clip with no others is ordinary, and nobody may be alarmed by it."""
