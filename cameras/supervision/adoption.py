"""Adoption: finding the workers that outlived the hub before, and taking them over or sending them home."""

from __future__ import annotations

import contextlib
import logging
import socket
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from cameras.link import VERSION, Link
from cameras.link_words import Ready, Setup, Stop
from cameras.supervision.processes import FoundProcess
from cameras.unix_sockets import connect
from hub.errors import LinkError

logger = logging.getLogger(__name__)

_CONNECT_WITHIN_S = 1.0
_READY_WITHIN_S = 5.0
"""A worker that lives answers in milliseconds, unless it makes an analysis for a camera just then."""

_GONE_WITHIN_S = 8.0
"""It closes its files, makes them safe, and tells nobody of it."""


def socket_of(data: Path, worker: str) -> Path:
    """Where a worker listens for the next hub, in the data folder of its hub."""
    return data / "run" / f"{worker}.sock"


@dataclass(frozen=True, slots=True)
class Found:
    """A worker that runs as it is wanted.

    Attributes:
        link: To it; it has said Ready.
        connection: The same, for its time-outs.
        process: Its process.
        ready: What it said.
    """

    link: Link
    connection: socket.socket
    process: FoundProcess
    ready: Ready


def find(data: Path, setup: Setup) -> Found | None:
    """Take over the worker of this name, when there is one that runs by these settings; any other is ended first.

    Returns:
        None when there is none (any more).

    Raises:
        LinkError: Somebody listens there and cannot be spoken with or ended: he may record, so none is to be started.
    """
    try:
        connection = connect(socket_of(data, setup.worker), timeout_s=_CONNECT_WITHIN_S)
    except (FileNotFoundError, ConnectionRefusedError):
        return None  # nobody listens there
    except OSError as error:
        raise LinkError(f"a worker listens and does not answer: {error!r}") from error
    try:
        process = FoundProcess.behind(connection)
    except OSError as error:
        connection.close()
        raise LinkError(f"a worker listens and its process cannot be had: {error!r}") from error
    connection.settimeout(_READY_WITHIN_S)
    link = Link(connection)
    with contextlib.suppress(LinkError):
        link.send(setup)
        ready = link.receive()
        if isinstance(ready, Ready) and ready.version == VERSION and ready.is_as_wanted:
            connection.settimeout(None)
            logger.info("a worker is taken over", extra={"worker": setup.worker, "cameras": len(ready.cameras)})
            return Found(link, connection, process, ready)
        if isinstance(ready, Ready):
            link.send(Stop())
            logger.warning("a worker with other settings is replaced", extra={"worker": setup.worker})
            process.wait(_GONE_WITHIN_S)
    link.close()
    try:
        process.kill()
    except OSError as error:
        raise LinkError(f"a worker listens and cannot be ended: {error!r}") from error
    process.wait(_GONE_WITHIN_S)
    return None


def send_home(data: Path, setup: Setup, *, but: Collection[str]) -> None:
    """End workers that are none of ours: there were more of them before.

    Args:
        data: The hub's data folder.
        setup: As for any worker.
        but: Names of those that may stay.
    """
    for path in sorted((data / "run").glob("worker-*.sock")):
        if path.stem in but or path.stem.endswith("-live"):
            continue
        # No version says Stop in another way, and no worker runs by a Setup without a name.
        try:
            if find(data, Setup(setup.version, path.stem, {}, setup.program)) is not None:
                logger.warning("a worker runs by no settings at all", extra={"worker": path.stem})
        except LinkError as error:
            # It may record, and the next hub must find it.
            logger.error("a worker cannot be sent home", extra={"worker": path.stem, "detail": str(error)})  # noqa: TRY400
            continue
        path.unlink(missing_ok=True)
