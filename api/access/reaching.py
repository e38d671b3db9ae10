"""Reaching: where whoever asks may do what, for routes; nothing else may decide it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.access.agreed import Agreed
from hub.access import Principal
from hub.pictures import Pictures
from hub.reach import Reach

if TYPE_CHECKING:
    from api.parts import Parts


def reach_of(here: Parts, who: Principal) -> Reach:
    """What somebody may do where, now; worked out once, so ask as often as you like."""
    return here.people.reaches.of(who)


def pictures_of(here: Parts, who: Principal) -> Pictures:
    """What somebody may see of all cameras, now: where he reaches, as far as households agreed to it."""
    return here.people.reaches.pictures(who).bounded(Agreed(here, who))
