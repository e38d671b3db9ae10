"""Bodies about the settings of channels."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from config.community import Notifier


class ChannelKindView(BaseModel):
    """A kind of channel that is installed."""

    kind: str = Field(examples=["email"])
    summary: str = Field(examples=["A mail over SMTP with TLS, plain and HTML."])
    options: dict[str, Any] = Field(description="JSON Schema of its options.")


class ChannelSettingsView(Notifier):
    """A notifier as it is set, with `***` for what is hidden."""

    told: list[str] = Field(description="Accounts of the people who are told over it.")
