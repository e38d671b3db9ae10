"""Live pictures, as the API shows them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from cameras.recordings.media import StreamName


class LiveWish(BaseModel):
    """Which of a camera's streams to watch."""

    model_config = ConfigDict(extra="forbid")

    stream: StreamName = StreamName.SUB
    sound: bool = False


class LiveAddresses(BaseModel):
    """Where to watch a camera, on this hub."""

    stream: StreamName = Field(description="What will be shown; `main` where the camera has no sub stream.")
    socket: str = Field(description="Path of the WebSocket.")
    playlist: str = Field(description="Path of the HLS playlist.")
    link: str = Field(description="To be sent on the open WebSocket before the one in its address ends.")
    link_lives_s: int = Field(description="Seconds until it ends.")
