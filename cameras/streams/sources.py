"""Sources: from a stream's address to what reads it: a protocol plugin, or for RTSP in a worker the reading loop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from cameras.errors import SourceError, SourceProblem
from cameras.health import Health
from cameras.streams.packet_queue import StreamItem
from cameras.streams.packets import PacketSource, SoundPacket
from cameras.streams.reader import Reader, StreamReader
from cameras.streams.rtsp.loop import Loop
from cameras.streams.rtsp.loop_reader import LoopReader
from config.community import Stream
from hub.clock import Clock
from hub.networks import Allowed
from hub.plugins import Options, Plugin, load_plugins

PROTOCOLS_FOLDER = "cameras.protocols"

_PROTOCOL_OF_SCHEME = {"rtsp": "rtsp", "rtsps": "rtsp", "http": "http", "https": "http", "file": "file"}


class Sources:
    """Makes a source for a stream. Safe from any thread."""

    def __init__(self, clock: Clock, allowed: Allowed | None = None, *, loop: Loop | None = None) -> None:
        """Load the protocol plugins.

        Args:
            clock: Whose time it is.
            allowed: Where cameras may be; None is anywhere, for who types an address at his own terminal.
            loop: Reads RTSP for `reader`; None leaves that to FFmpeg, with a thread for each stream.

        Raises:
            PluginError: One of them is broken.
        """
        self._clock = clock
        self._allowed = allowed
        self._loop = loop
        self._plugins: Mapping[str, Plugin[PacketSource]] = load_plugins(PROTOCOLS_FOLDER)

    def make(
        self, stream: Stream, *, stopping: threading.Event, options: Mapping[str, Any] | None = None
    ) -> PacketSource:
        """The source for `stream`, not yet opened.

        Args:
            stream: Address and credentials.
            stopping: Set when the reader should end.
            options: Of the protocol plugin; None takes its defaults.

        Raises:
            SourceError: No plugin reads such an address.
        """
        scheme = urlsplit(stream.url).scheme.lower()
        plugin = self._plugins.get(_PROTOCOL_OF_SCHEME.get(scheme, ""))
        if plugin is None:
            raise SourceError(SourceProblem.UNSUPPORTED, f"nothing here reads {scheme or 'an address without scheme'}")
        chosen: Options = plugin.options.model_validate(dict(options or {}))
        return plugin.build(chosen, stream, clock=self._clock, stopping=stopping, allowed=self._allowed)

    def reader(
        self, camera: str, stream: Stream, *, put: Callable[[StreamItem | SoundPacket], None], health: Health
    ) -> StreamReader:
        """What keeps `stream` open, not yet started; its sound is read too.

        Args:
            camera: Its id, for logs.
            stream: Address and credentials.
            put: Takes the items in order, at once.
            health: Hears of packets and problems.
        """

        def in_a_thread() -> Reader:
            return Reader(
                camera,
                lambda stopping: self.make(stream, stopping=stopping, options={"sound": True}),
                put=put,
                health=health,
                clock=self._clock,
            )

        scheme = urlsplit(stream.url).scheme.lower()
        if self._loop is None or scheme != "rtsp":
            reader = in_a_thread()
            reader.unfit = "it comes over TLS" if scheme == "rtsps" and self._loop is not None else ""
            return reader
        return LoopReader(
            camera,
            stream,
            loop=self._loop,
            allowed=self._allowed,
            put=put,
            health=health,
            clock=self._clock,
            fall_back=in_a_thread,
        )
