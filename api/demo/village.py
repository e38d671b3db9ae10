"""Demo village: what the demo's hub watches, as the community.yaml that a person would write.

Written as text with remarks because newcomers open it: it is the first configuration they see.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.sensors.simulator import SENSORS


@dataclass(frozen=True, slots=True)
class Footage:
    """One scene that is served as a camera.

    Attributes:
        url: Its RTSP address.
        zones: Polygons for its picture, 0..1, by their use.
    """

    url: str
    zones: Mapping[str, Sequence[tuple[float, float]]]


_HEAD = """\
# The village of the demo. The same form is your own community.yaml: see config/examples/ for more.
name: {zh: 演示村, en: Demo village}
timezone: Asia/Shanghai

phones: # whom anybody here may call, the room first; made up
  - {name: {zh: 村值守室, en: Monitoring room}, number: "023-5550 0110"}
  - {name: {zh: 卫生院, en: Clinic}, number: "023-5550 0120"}

areas:
  - {id: village, name: {zh: 演示村, en: Demo village}}
  - {id: north, name: {zh: 北组, en: North group}, parent: village}
  - {id: south, name: {zh: 南组, en: South group}, parent: village}

sites:
  - {id: junction-1, name: {zh: 一号路口, en: Junction 1}, area: village, ring: road,
     location: {lat: 30.5412, lon: 119.9731}}
  - {id: river, name: {zh: 村前河道, en: River}, area: south, ring: road,
     location: {lat: 30.5389, lon: 119.9742}}
  - {id: workshop, name: {zh: 木器厂, en: Joinery}, area: south, ring: enterprise,
     location: {lat: 30.5394, lon: 119.9768}, phones: [{name: {zh: 门卫, en: Gatekeeper}, number: "023-5550 0188"}]}
  - {id: hh-017, name: {zh: 17号户, en: Household 17}, area: north, ring: household,
     location: {lat: 30.5427, lon: 119.9745}}
  - {id: hh-012, name: {zh: 12号户, en: Household 12}, area: north, ring: household,
     location: {lat: 30.5431, lon: 119.9759}}
  - {id: hh-023, name: {zh: 23号户, en: Household 23}, area: south, ring: household, tags: [lives-alone],
     location: {lat: 30.5401, lon: 119.9752}}

cameras:
"""

_CAMERAS = (
    ("road", "junction-1-a", "junction-1", "路口摄像头", "Junction camera"),
    ("yard", "hh-017-yard", "hh-017", "院子摄像头", "Yard camera"),
    ("house", "hh-012-front", "hh-012", "门前摄像头", "Front camera"),
)


RESIDENTS = {"zhang": "hh-017", "zhao": "hh-012"}
"""Who lives where by account; what they decided for their cameras stands in `running.py`."""
PATROL = "patrol"
"""The account of whoever answers for the village outside the room."""


def community_yaml(footage: Mapping[str, Footage]) -> str:
    """The text of community.yaml; `footage` holds the scenes road, yard and house."""
    lines = [_HEAD]
    for scene, camera, site, zh, en in _CAMERAS:
        shown = footage[scene]
        lines.append(f"  - id: {camera}\n    site: {site}\n    name: {{zh: {zh}, en: {en}}}\n    url: {shown.url}\n")
        if shown.zones:
            lines.append("    zones: # a polygon in the picture: each point a share of its width and height\n")
        for use, points in shown.zones.items():
            corners = json.dumps([list(point) for point in points])
            called = "{zh: 车道, en: the carriageway}" if use == "lane" else use
            lines.append(f"      - {{id: {use}, name: {called}, use: {use}, points: {corners}}}\n")
    lines.append("\ncontacts: # who lives where: their cameras are theirs to decide about, at /home\n")
    for number, (account, site) in enumerate(RESIDENTS.items(), start=1):
        lines.append(f'  - {{account: {account}, sites: [{site}], phone: "138 0000 000{number}"}}\n')
    lines.append(f'  - {{account: {PATROL}, phone: "138 0000 0009"}} # for the room, and who is sent along\n')
    lines.append(f"\nduties: # who is sent when something happens\n  - {{account: {PATROL}, area: village}}\n")
    lines.append("\nsensors:\n")
    for sensor in SENSORS:
        name = sensor.name
        parts = [f"id: {sensor.id}", f"site: {sensor.site}"]
        parts += [f"name: {{zh: {name.zh}, en: {name.en}}}"] if name else []
        parts += [f"format: {sensor.format}"] if sensor.format != "plain" else []
        parts += [f"address: {sensor.address}"] if sensor.address else []
        parts.append(f"kinds: [{', '.join(sensor.kinds)}]")
        parts += [f"silent_after_s: {sensor.silent_after_s:g}"] if sensor.silent_after_s else []
        parts += ["life_safety: true"] if sensor.life_safety else []
        lines.append(f"  - {{{', '.join(parts)}}}\n")
    return "".join(lines)
