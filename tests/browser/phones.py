"""Phones: a village of homes with cameras, a warden on duty, and the pictures that its cameras give."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from cameras.link import Still
from config.community import Community
from hub.access import Role
from tests.api.room import Room, open_room

HERE = {"lat": 29.3581, "lon": 106.1612}
LEVELS = ("red", "orange", "yellow", "blue")


def village() -> Community:
    """Li and Mei live at home 1, Sun at home 2; Zhao is on duty for the village."""
    homes = {"home-1": ("17号户", "Household 17"), "home-2": ("18号户", "Household 18")}
    return Community.model_validate(
        {
            "phones": [{"name": {"zh": "值守室", "en": "Monitoring room"}, "number": "023-5550 0110"}],
            "areas": [
                {"id": "town", "name": {"zh": "青木镇", "en": "Qingmu Town"}},
                {"id": "village", "name": {"zh": "大坪村", "en": "Daping Village"}, "parent": "town"},
            ],
            "sites": [
                {"id": each, "name": {"zh": zh, "en": en}, "area": "village", "location": HERE}
                for each, (zh, en) in homes.items()
            ],
            "cameras": [
                {
                    "id": name,
                    "site": site,
                    "name": {"zh": zh, "en": en},
                    "main": {"url": f"rtsp://192.0.2.1/{name}"},
                }
                for name, site, zh, en in (("yard", "home-1", "院子", "Yard"), ("hall", "home-2", "堂屋", "Hall"))
            ],
            "sensors": [{"id": f"{each}-smoke", "site": each, "kinds": ["smoke"]} for each in homes],
            "contacts": [
                {"account": "li", "sites": ["home-1"], "phone": "138 0000 0004"},
                {"account": "mei", "sites": ["home-1"]},
                {"account": "sun", "sites": ["home-2"]},
            ],
            "duties": [{"account": "zhao", "area": "village"}],
            "deadlines": {
                "accepted_within_s": dict.fromkeys(LEVELS, 600),
                "seen_within_s": dict.fromkeys(LEVELS, 600),
            },
        }
    )


def open_village(data: Path, **more: Any) -> Room:
    """A hub of that village with its people, whose cameras give a picture that can be looked at."""
    room = open_room(data, there=village(), **more)
    for name, role in (("li", Role.RESIDENT), ("mei", Role.RESIDENT), ("sun", Role.RESIDENT), ("zhao", Role.RESPONDER)):
        room.person(name, role)
    room.person("lin", Role.OPERATOR)

    def still(_camera: str, *, width_px: int | None = None, **_more: Any) -> Still:
        return Still(picture(width_px or 1920), room.hub.parts.clock.now())

    room.cameras.still = still  # type: ignore[method-assign,assignment]
    return room


@functools.cache
def picture(width_px: int) -> bytes:
    """A JPEG as grainy as that of a camera, 16 to 9."""
    height_px = width_px * 9 // 16
    across, down = np.meshgrid(np.linspace(0, 1, width_px), np.linspace(0, 1, height_px))
    image = np.stack([90 + 80 * down, 120 + 60 * across, 140 - 70 * down], axis=-1)
    image += np.random.default_rng(7).normal(0, 6, image.shape)
    image[height_px // 2 :, width_px // 3 : width_px // 2] = (40, 60, 90)
    done, data = cv2.imencode(".jpg", image.clip(0, 255).astype(np.uint8), (cv2.IMWRITE_JPEG_QUALITY, 80))
    assert done
    return bytes(data.tobytes())
