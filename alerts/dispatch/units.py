"""Units: who could be sent to an incident now, and who should be asked first.

Who is on duty for the place comes from the grid, from its own level up to the town; whether he is free from the orders,
how far away he is from where he last said he was. The list says of each why he stands where he does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from alerts.alert import Text
from alerts.dispatch.arrival import metres_away
from alerts.dispatch.grid import Grid
from alerts.dispatch.positions import Positions
from alerts.incidents.views import IncidentView
from alerts.language.nearness import Position
from alerts.language.places import Places
from alerts.store.orders import State, busy, orders_of, sendable
from hub.store.database import Database

LEVELS = (
    Text(zh="联户组", en="household group"),
    Text(zh="村组", en="village group"),
    Text(zh="社区", en="community"),
    Text(zh="镇", en="town"),
)
"""Names of the levels of the grid."""
_HERE = {
    State.ORDERED: Text(zh="已派到此", en="sent here already"),
    State.ACCEPTED: Text(zh="正在赶来", en="on the way here"),
    State.ARRIVED: Text(zh="已在现场", en="there already"),
    State.DECLINED: Text(zh="已拒绝此单", en="declined this one"),
    State.LAPSED: Text(zh="此单未应答", en="did not answer this one"),
}
_KM = 1000.0


@dataclass(frozen=True, slots=True)
class Unit:
    """Somebody who could be sent.

    Attributes:
        account: His name.
        level: Of the grid, 0 to 3.
        area: For which he answers.
        standby: He is on call.
        can_be_sent: He has an account that is not disabled.
        busy: Orders to other incidents that he has still to do.
        here: His newest order to this one.
        distance_m: From where he last said he is; None when that is not known.
        position_at: When he said so.
        position: Where that was, latitude and longitude.
    """

    account: str
    level: int
    area: str
    standby: bool
    can_be_sent: bool
    busy: int
    here: State | None
    distance_m: float | None
    position_at: datetime | None
    position: Position | None

    @property
    def why(self) -> Text:
        """Why he stands where he stands."""
        parts = [self._asked(), self._busy(), self._duty(), LEVELS[self.level], self._far()]
        return Text(zh="，".join(part.zh for part in parts if part), en=", ".join(part.en for part in parts if part))

    def _asked(self) -> Text | None:
        if not self.can_be_sent:
            return Text(zh="没有可用账号", en="has no account that can be sent")
        return _HERE.get(self.here) if self.here else None

    def _busy(self) -> Text:
        return Text(zh=f"忙（{self.busy} 单）", en=f"busy ({self.busy})") if self.busy else Text(zh="空闲", en="free")

    def _duty(self) -> Text:
        return Text(zh="备勤", en="on call") if self.standby else Text(zh="在岗", en="on duty")

    def _far(self) -> Text:
        if self.distance_m is None:
            return Text(zh="位置不明", en="position not known")
        if self.distance_m < _KM:
            return Text(zh=f"{self.distance_m:.0f} 米", en=f"{self.distance_m:.0f} m away")
        return Text(zh=f"{self.distance_m / _KM:.1f} 公里", en=f"{self.distance_m / _KM:.1f} km away")


def units_for(
    view: IncidentView, now: datetime, *, database: Database, grid: Grid, places: Places, positions: Positions
) -> list[Unit]:
    """Who could be sent to an incident, who should be asked first first.

    First who was not asked yet, then who is free, then the lowest level of the grid, who is on duty before who is on
    call, and the nearest.
    """
    duties = [(account, each) for each in grid.way_up(view.area, now) for account in each.accounts]
    first = dict(reversed(duties))  # the lowest level at which somebody answers counts
    with database.read() as connection:
        known = sendable(connection, first)
        taken = busy(connection, first, but_for=view.id)
        here = {order.unit: order.state for order in orders_of(connection, view.id)}
    found = []
    for account, each in first.items():
        spot = positions.of(account)
        found.append(
            Unit(
                account=account,
                level=each.level,
                area=each.area,
                standby=each.standby,
                can_be_sent=account in known,
                busy=taken.get(account, 0),
                here=here.get(account),
                distance_m=None if spot is None else metres_away(view, places, spot.position),
                position_at=None if spot is None else spot.at,
                position=None if spot is None else spot.position,
            )
        )
    return sorted(found, key=_order)


def _order(unit: Unit) -> tuple[bool, bool, bool, int, bool, float, str]:
    far = float("inf") if unit.distance_m is None else unit.distance_m
    return (
        not unit.can_be_sent,
        unit.here in _HERE,
        bool(unit.busy),
        unit.level,
        unit.standby,
        far,
        unit.account,
    )
