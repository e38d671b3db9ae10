"""Duties: who answers for which area, and when; a part of community.yaml.

    duties:
      - {account: zhao, area: group-07, on: {between: "08:00-20:00", days: [mon, tue, wed, thu, fri]}}
      - {account: qian, area: group-07, standby: true}
      - {account: sun, area: block-1, on: [{calendar: holiday}, {days: [sat, sun]}]}

A person may have several duties, and an area several people; those named first are asked first.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from config.account_names import AccountName
from config.hours import HoursList
from config.says import says, write


class Duty(BaseModel):
    """Somebody answers for an area at some hours."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account: AccountName
    """Name of the account by which that person signs in; large and small letters are the same."""
    area: Annotated[
        str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$", json_schema_extra=write("the id of an area", "区域的 id"))
    ]
    """An area of the grid; what is below it counts too when nobody answers there."""
    on: HoursList = ()
    """Hours and days of the shift; left out: always."""
    standby: bool = False
    """On call: asked only when nobody else of the area is on duty and free."""

    @model_validator(mode="after")
    def _not_by_arming(self) -> Duty:
        if any(hours.armed is not None for hours in self.on):
            raise ValueError(says("a shift goes by the clock; leave `armed` out", "班次按时间排；请删去 `armed`"))
        return self
