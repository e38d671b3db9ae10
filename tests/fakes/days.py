"""A simulated day: what devices report, at which time it reaches the hub, and what people do meanwhile.

Made of a seed, always the same for the same seed. The rules have every shape, with everything that can stand around
one: hours, exceptions, `unless`, muting, and all ways to clear.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.language.rulebook import RuleBook, make_book, rule_of
from config.community import Community
from config.reading import read_text
from hub.events import Event, FieldValue, Phase

START = datetime(2026, 3, 3, tzinfo=UTC)
DAY_S = 86_400.0
HOUSES = [f"house-{number}" for number in range(1, 7)]
SENSORS = ("smoke", "temperature", "gas", "water_leak", "sos", "motion")

_ZONES = [
    {"id": "lane", "use": "lane", "points": [[0, 0], [1, 0], [1, 1]]},
    {"id": "yard", "use": "guarded", "points": [[0, 0], [1, 0], [1, 1]]},
]
COMMUNITY = Community.model_validate(
    {
        "areas": [{"id": "town", "name": "Town"}, {"id": "east", "name": "East", "parent": "town"}],
        "sites": [{"id": site, "name": site, "area": "east"} for site in [*HOUSES, "junction", "river"]],
        "cameras": [
            {"id": f"cam-{number}", "site": "junction", "url": "rtsp://127.0.0.1/1", "zones": _ZONES}
            for number in (1, 2)
        ],
        "sensors": [
            *({"id": f"{kind}-{site}", "site": site} for site in HOUSES for kind in SENSORS),
            {"id": "gauge", "site": "river"},
        ],
    }
)

RULES = """
- rule: day.smoke
  raises: {kind: fire.smoke, severity: orange}
  for_each: device
  when: {event: {kind: smoke, where: {alarm: true}}}
  clear: {when: {kind: smoke, where: {alarm: false}}}
- rule: day.heat
  raises: {kind: fire.heat, severity: orange}
  for_each: device
  when: {change: {of: {kind: temperature}, field: temperature_c, rises: 8, within: 60s, samples: 3}}
- rule: day.fire
  raises: {kind: fire.confirmed, severity: red}
  for_each: site
  when:
    together:
      within: 90s
      all_of: [{kind: smoke, where: {alarm: true}}, {kind: temperature, where: {temperature_c: "> 45"}}]
  mutes: [fire.smoke, fire.heat]
  clear: {latch: true}
- rule: day.help
  raises: {kind: sos.button, severity: red}
  for_each: device
  when: {event: {kind: sos, where: {pressed: true}}}
  clear: {latch: true}
- rule: day.leak
  raises: {kind: water.leak, severity: yellow}
  for_each: device
  when: {lasts: {of: {kind: water_leak, where: {leak: true}}, for: 30s}}
- rule: day.leak_at_site
  raises: {kind: water.leak, severity: orange}
  for_each: site
  when: {event: {kind: water_leak, where: {leak: true}}}
  unless: {kind: [fire.confirmed, sos.button], within: 10m, same: area}
  clear: {after: 2m}
- rule: day.river
  raises: {kind: flood.level, severity: by_level}
  for_each: device
  when:
    value:
      {of: {kind: water_level}, field: level_m, above: {blue: 2.0, yellow: 2.5, red: 3.5}, back_by: 0.2, for: 60s}
  clear: {after: 10m}
- rule: day.gas
  raises: {kind: gas.repeated, severity: yellow}
  for_each: device
  when: {count: {of: {kind: gas, where: {alarm: true}}, at_least: 3, within: 30m, apart: 1m}}
- rule: day.quiet
  raises: {kind: care.no_activity, severity: orange}
  for_each: site
  only: {between: "02:00-22:00"}
  when: {silence: {of: {kind: motion}, longer_than: 2h}}
- rule: day.tampering
  raises: {kind: camera.sabotage, severity: yellow}
  for_each: camera
  when:
    sequence:
      within: 2m
      steps: [{kind: camera.person, where: {zone_use: guarded}}, {kind: camera.health, where: {state: offline}}]
- rule: day.stopped
  raises: {kind: road.debris, severity: yellow}
  for_each: [camera, zone]
  when: {lasts: {of: {kind: camera.vehicle, where: {stopped: true}}, for: 20s}}
  unless: {kind: camera.fire, within: 60s, same: zone, until: camera.collision}
  clear: {after: 20s}
- rule: day.intrusion
  raises: {kind: area.intrusion, severity: blue}
  for_each: [camera, zone]
  except: [{between: "08:00-18:00"}]
  when: {event: {kind: camera.person, where: {zone_use: guarded}}}
  clear: {after: 5m}
- rule: day.loss
  raises: {kind: camera.video_loss, severity: yellow}
  for_each: camera
  when: {event: {kind: camera.health, where: {state: offline}}}
  clear: {when: {kind: camera.health, where: {state: online}}}
  mutes: {of: [area.intrusion, road.debris], same: camera}
"""


def rules_of_the_day() -> RuleBook:
    """Rules of all shapes."""
    words = {"zh": "例", "en": "Example"}
    data = read_text(RULES)
    assert isinstance(data, list)
    return make_book([rule_of({**body, "name": words, "say": words, "do": words}) for body in data])


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some minutes of a day: what reaches the hub, then what a person does about the incident so much down the list.

    Attributes:
        number: Counts up.
        until: When it ends.
        events: In the order of their arrival.
        move: acknowledge, comment, resolve or reopen.
        choice: Chooses the incident.
    """

    number: int
    until: datetime
    events: tuple[Event, ...]
    move: str
    choice: int


def simulated_day(seed: int, *, events: int, stretches: int) -> list[Stretch]:
    """A day of about so many events."""
    dice = random.Random(seed)
    told: list[Event] = []
    while len(told) < events:
        told += _scene(dice, dice.uniform(0, DAY_S - 900))
    told.sort(key=lambda event: (event.arrived, event.id))
    found, length = [], timedelta(seconds=DAY_S / stretches)
    for number in range(stretches):
        since, until = START + number * length, START + (number + 1) * length
        here = tuple(event for event in told if since <= event.arrived < until)
        move = dice.choice(("acknowledge", "acknowledge", "comment", "resolve", "resolve", "reopen"))
        found.append(Stretch(number, until, here, move, dice.randrange(1000)))
    return found


def _scene(dice: random.Random, at_s: float) -> Iterator[Event]:
    """A few minutes at one place."""
    scene = dice.choice(("fire", "leak", "gas", "help", "river", "road", "yard", "quiet", "quiet", "quiet"))
    house, camera = dice.choice(HOUSES), dice.choice(("cam-1", "cam-2"))
    for number in range(dice.randrange(4, 16)):
        at_s += dice.choice((0, 1, 5, 20, 60))
        late_s = dice.choice((0, 0, 0, 0.2, 3, 90, 290))
        on = dice.random() < 0.7
        match scene:
            case "fire":
                kind: str = dice.choice(("smoke", "temperature", "temperature"))
                fields: dict[str, Any] = {"alarm": on} if kind == "smoke" else {"temperature_c": 20 + 9 * number * on}
            case "leak" | "gas" | "help":
                kind, field = {
                    "leak": ("water_leak", "leak"),
                    "gas": ("gas", "alarm"),
                    "help": ("sos", "pressed"),
                }[scene]
                fields = {field: on}
            case "river":
                kind, fields = "water_level", {"level_m": round(1.5 + 0.2 * number * on, 2)}
            case "road":
                kind = dice.choice(("camera.vehicle", "camera.vehicle", "camera.vehicle", "camera.fire"))
                fields = {"stopped": on, "zone_use": "lane"}
            case "yard":
                kind = dice.choice(("camera.person", "camera.person", "camera.health"))
                fields = (
                    {"zone_use": "guarded"} if kind != "camera.health" else {"state": "offline" if on else "online"}
                )
            case _:
                kind, fields = "motion", {"motion": True}
        yield _event(dice, kind, (at_s, at_s + late_s), fields, house=house, camera=camera)


def _event(
    dice: random.Random,
    kind: str,
    times_s: tuple[float, float],
    fields: dict[str, FieldValue],
    *,
    house: str,
    camera: str,
) -> Event:
    """An event that happened and arrived so long after the start."""
    seen = kind.startswith("camera.")
    site = "junction" if seen else "river" if kind == "water_level" else house
    tracked = seen and kind != "camera.health"
    return Event(
        id=f"{dice.getrandbits(64):016x}",
        kind=kind,
        at=START + timedelta(seconds=times_s[0]),
        arrived=START + timedelta(seconds=times_s[1]),
        source=camera if seen else "gauge" if kind == "water_level" else f"{kind}-{house}",
        driver="day",
        site=site,
        area="east",
        camera=camera if seen else None,
        zone=("lane" if fields.get("zone_use") == "lane" else "yard") if tracked else None,
        subject=str(dice.randrange(3)) if tracked else None,
        phase=dice.choice((Phase.BEGAN, Phase.GOES_ON, Phase.GOES_ON, Phase.ENDED)) if tracked else Phase.MOMENT,
        fields=fields,
    )
