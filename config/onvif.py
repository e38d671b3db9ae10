"""Onvif: how a camera is spoken with beside its streams: for what it notices itself, and to turn it.

onvif: {url: "http://192.168.1.64/onvif/device_service", username: hub, password: env:GATE_CAMERA}
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from config.says import write
from config.secrets import Secret
from config.terms import Part
from config.url_credentials import shown, taken_apart

ONVIF_FORM = write("{url: http://host/onvif/device_service}", "{url: http://host/onvif/device_service}")
"""How people write it, for messages."""
ONVIF_SCHEMES = ("http", "https")
"""What the address of an ONVIF service may begin with."""


class Onvif(Part):
    """A camera's own service; user and password in its URL are taken out and kept beside it."""

    url: Annotated[str, Field(min_length=1, max_length=2048)]
    """http or https; that of its device service, usually `http://HOST/onvif/device_service`."""
    username: str | None = None
    password: Secret | None = None
    profile: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """Token of the media profile by which it is turned; None takes the first that can."""
    events: bool = True
    """Whether what the camera notices itself (motion, tampering, its inputs) is told as events."""

    @model_validator(mode="before")
    @classmethod
    def _take_apart(cls, value: Any) -> Any:
        """Its address alone is enough; credentials out of it."""
        if isinstance(value, str):
            value = {"url": value}
        return taken_apart(value) if isinstance(value, dict) and isinstance(value.get("url"), str) else value

    @property
    def shown_url(self) -> str:
        """The URL for people to see."""
        return shown(self.url)
