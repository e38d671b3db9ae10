"""Sources: from a stream's address to the protocol plugin that reads it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from cameras.errors import SourceError, SourceProblem
from cameras.streams.packets import PacketSource
from config.community import Stream
from hub.clock import Clock
from hub.networks import Allowed
from hub.plugins import Options, Plugin, load_plugins

PROTOCOLS_FOLDER = "cameras.protocols"

_PROTOCOL_OF_SCHEME = {"rtsp": "rtsp", "rtsps": "rtsp", "http": "http", "https": "http", "file": "file"}


class Sources:
    """Makes a source for a stream. Safe from any thread."""

    def __init__(self, clock: Clock, allowed: Allowed | None = None) -> None:
        """Load the protocol plugins.

        Args:
            clock: Whose time it is.
            allowed: Where cameras may be; None is anywhere, for who types an address at his own terminal.

        Raises:
            PluginError: One of them is broken.
        """
        self._clock = clock
        self._allowed = allowed
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
