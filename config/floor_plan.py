"""Floor plans: pictures of areas from above, which lie on the map below what stands there.

The picture itself is a file that the hub keeps beside its database; here stand its id and where it lies.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from config.says import write
from config.terms import Location, Part


class FloorPlan(Part):
    """A picture on the ground, north up."""

    picture: Annotated[
        str,
        Field(
            pattern=r"^[0-9a-f]{32}$",
            description="32 hexadecimal digits",
            json_schema_extra=write("32 hexadecimal digits", "32 个十六进制数字"),
        ),
    ]
    """Id of the file; made by the hub when the picture is sent."""
    media: Literal["image/jpeg", "image/png"]
    """What kind of file it is."""
    south_west: Location
    """Where its lower left corner lies."""
    north_east: Location
    """Where its upper right corner lies."""

    @property
    def lies(self) -> bool:
        """Whether it covers any ground."""
        return self.south_west.lat < self.north_east.lat and self.south_west.lon < self.north_east.lon
