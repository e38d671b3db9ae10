"""Arrival: what shows that somebody is where he was sent.

His position, no further from the place than the site allows; or the code that hangs there, printed from the hub. A code
is an HMAC of the site's id with a key of this hub, 80 bits of it, so that nobody makes one up and one code opens
nothing else. Pure.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from alerts.incidents.views import IncidentView
from alerts.language.nearness import Position, distance_m
from alerts.language.places import Places
from hub.errors import NotAllowedError

_PURPOSE = b"arrival code of a site\0"  # the key signs other things too; no text of theirs begins so
_CODE_BYTES = 10
_GROUP = 4
PREFIX = "hub-arrival"
"""What the printed code begins with, so that whoever reads it with another program sees what it is."""


def arrival_code(key: bytes, site: str) -> str:
    """The code of a site: four groups of four letters and digits, none of which looks like another."""
    digest = hmac.new(key, _PURPOSE + site.encode(), hashlib.sha256).digest()
    text = base64.b32encode(digest[:_CODE_BYTES]).decode()
    return "-".join(text[start : start + _GROUP] for start in range(0, len(text), _GROUP))


def printed(site: str, code: str) -> str:
    """What stands in the printed code."""
    return f"{PREFIX}:{site}:{code}"


def is_code_of(key: bytes, site: str, said: str) -> bool:
    """Whether somebody read the code of this site; what was scanned counts, and what was typed in any writing."""
    plain = said.strip().rpartition(":")[2].upper().replace("-", "").replace(" ", "")
    return hmac.compare_digest(plain.encode(), arrival_code(key, site).replace("-", "").encode())


def metres_away(view: IncidentView, places: Places, position: Position) -> float | None:
    """How far a position is from where an incident is: its camera or its site, whichever is nearer; None if unknown."""
    known = (places.nearness.devices.get(view.camera or ""), places.nearness.sites.get(view.site or ""))
    return min((distance_m(position, place) for place in known if place is not None), default=None)


def check_near(view: IncidentView, places: Places, position: Position, *, accuracy_m: float, within_m: float) -> float:
    """How far from the place he is, in metres.

    Raises:
        NotAllowedError: Too far, not known well enough, or nobody knows where the place is; says what to do instead.
    """
    away_m = metres_away(view, places, position)
    instead = "use the code of the site, or a photo"
    if away_m is None:
        raise NotAllowedError(f"where this is on the ground is not known; {instead}", allowed=("arrive",))
    if accuracy_m > within_m:
        words = f"the position is only known to {accuracy_m:.0f} m, and has to be within {within_m:.0f} m; {instead}"
        raise NotAllowedError(words, allowed=("arrive",))
    if away_m > within_m:
        words = f"the position is {away_m:.0f} m away, and has to be within {within_m:.0f} m"
        raise NotAllowedError(words, allowed=("arrive",))
    return away_m
