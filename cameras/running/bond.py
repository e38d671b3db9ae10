"""Bond: which hub a worker belongs to, and what becomes of it without one.

A worker outlives a hub that is killed: it goes on with what it was told, and the next hub finds it at its socket and
takes it over. Only a hub that says so ends it, or that none comes in time. One thread speaks with one hub at a time; a
next one that comes while the last still lives waits.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from cameras.link import VERSION, Link
from cameras.link_words import Message, Ready, Setup, Stop
from cameras.running.outbox import Outbox
from cameras.supervision.adoption import socket_of
from cameras.unix_sockets import listen
from hub.clock import Clock
from hub.errors import LinkError

logger = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.2
_SETUP_WITHIN_S = 5.0


class Bond:
    """One worker's bond with its hubs. `start` once."""

    def __init__(
        self,
        link: Link,
        setup: Setup,
        *,
        data: Path,
        linger_s: float,
        outbox: Outbox,
        handle: Callable[[Message], None],
        cameras: Callable[[], tuple[str, ...]],
        clock: Clock,
        stopping: threading.Event,
    ) -> None:
        """Prepare.

        Args:
            link: To the hub that started this worker.
            setup: What that one said first.
            data: The hub's data folder.
            linger_s: How long to go on without a hub.
            outbox: Sends to the hub that there is.
            handle: Does what a message says.
            cameras: Ids of those that run.
            clock: The worker's.
            stopping: Set here when the worker is to end.
        """
        self._link = link
        self._setup = setup
        self._path = socket_of(data, setup.worker)
        self._linger_s = linger_s
        self._outbox = outbox
        self._handle = handle
        self._cameras = cameras
        self._clock = clock
        self._stopping = stopping
        self._listening: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)

    def start(self) -> None:
        """Listen for hubs to come, and speak with the one that is there."""
        if self._linger_s > 0:
            try:
                self._listening = listen(self._path)
                self._listening.settimeout(_LOOK_EVERY_S)
            except OSError as error:
                logger.warning("no later hub will find this worker", extra={"detail": str(error)})
        self._thread.start()

    def _run(self) -> None:
        try:
            link: Link | None = self._link
            while link is not None:
                self._link = link
                if self._serve(link) or self._stopping.is_set():
                    break  # what is left to say still goes over this link
                self._outbox.detach(link)
                link.close()
                link = self._next()
        finally:
            self._stopping.set()

    def _serve(self, link: Link) -> bool:
        """Speak with one hub until it is gone; whether it said that the worker is to end."""
        try:
            link.send(Ready(VERSION, os.getpid(), self._cameras()))
            self._outbox.attach(link)
            while (message := link.receive()) is not None:
                if isinstance(message, Stop):
                    return True
                try:
                    self._handle(message)
                except Exception:
                    logger.exception("a message of the hub was passed over", extra={"kind": type(message).__name__})
        except LinkError as error:
            logger.warning("the link to the hub broke", extra={"detail": str(error)})
        return False

    def _next(self) -> Link | None:
        """Wait for the next hub; None when none is to be waited for any longer."""
        if self._listening is None or not self._cameras():
            logger.info("the hub is gone, and this worker with it", extra={"worker": self._setup.worker})
            return None
        logger.warning(
            "the hub is gone, recording goes on", extra={"worker": self._setup.worker, "linger_s": self._linger_s}
        )
        until_s = self._clock.monotonic_s() + self._linger_s
        while not self._stopping.is_set() and self._clock.monotonic_s() < until_s:
            try:
                accepted, _ = self._listening.accept()
            except TimeoutError:
                continue
            except OSError:
                logger.exception("no later hub can be heard")
                return None
            link = Link(accepted)
            try:
                if self._agree(accepted, link):
                    return link
            except (LinkError, OSError) as error:
                logger.warning("a hub was not understood", extra={"detail": str(error)})
            link.close()
        logger.warning("no hub came", extra={"worker": self._setup.worker})
        return None

    def _agree(self, accepted: socket.socket, link: Link) -> bool:
        """Hear what a hub wants, and say when this is not it; whether it is."""
        accepted.settimeout(_SETUP_WITHIN_S)
        setup = link.receive()
        if not isinstance(setup, Setup):
            return False
        if setup == self._setup and setup.version == VERSION:
            accepted.settimeout(None)
            logger.info("another hub takes over", extra={"worker": setup.worker})
            return True
        link.send(Ready(VERSION, os.getpid(), self._cameras(), is_as_wanted=False))
        if isinstance(link.receive(), Stop):
            logger.info("another hub wants another worker in its place", extra={"worker": setup.worker})
            self._stopping.set()
        return False
