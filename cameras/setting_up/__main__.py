"""The set-up process: `python -m cameras.setting_up`, one request on standard input, lines of JSON on standard output.

It looks at devices that nobody trusts, so it is alone with them: no database, no settings, no credentials but those of
the request, an end to its time, and it ends when its parent does. It starts no program.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable, Sequence

import av
import cv2

from cameras.confinement import confine_child
from cameras.onvif.discovery import FoundDevice, Search, discover, own_addresses
from cameras.reaching import AskingError, Problem
from cameras.setting_up.asking import failed, line_of, read_request
from cameras.setting_up.probing import probe
from cameras.setting_up.watching import Means, strange_stream, take_still
from cameras.setting_up.words import (
    Answer,
    Discover,
    Discovered,
    FoundCamera,
    Probe,
    Progress,
    Request,
    Said,
    TakeStill,
)
from cameras.streams.sources import Sources
from hub.clock import Clock, SystemClock
from hub.networks import Allowed

logger = logging.getLogger("cameras.setting_up")  # run as a program it is called __main__

_MOST_REQUEST_BYTES = 256 * 1024
_LONGEST_S = 180.0

Tell = Callable[[Answer | Progress], None]


def answer_to(request: Request, clock: Clock, tell: Callable[[Progress], None], *, own: Sequence[str] = ()) -> Answer:
    """What becomes of a request; never raises for what a device does.

    Args:
        request: What is wanted.
        clock: Whose time it is.
        tell: Hears how far it is.
        own: Addresses of this machine's networks, for a search.
    """
    try:
        allowed = _allowed(request)
        match request:
            case Discover():
                return _discovered(request, Means(Sources(clock, allowed), allowed, clock), tell, own)
            case Probe():
                return probe(request, Means(Sources(clock, allowed), allowed, clock), tell)
            case TakeStill():
                stream = strange_stream(request.url, request.username, request.password)
                means = Means(Sources(clock, allowed), allowed, clock)
                return take_still(stream, means, width_px=min(max(request.width_px, 64), 3840))
    except AskingError as error:
        return failed(error.problem, error.detail)
    except ValueError as error:
        return failed(Problem.BAD_ADDRESS, str(error)[:200])


def _allowed(request: Request) -> Allowed:
    allowed = Allowed.of(request.allowed, "networks.cameras")
    return allowed.without(request.barred) if isinstance(request, TakeStill) else allowed


def _discovered(request: Discover, means: Means, tell: Callable[[Progress], None], own: Sequence[str]) -> Discovered:
    found: list[FoundDevice] = []

    def on_found(device: FoundDevice) -> None:
        found.append(device)
        what = Said("found", f"找到 {device.host}", f"Found {device.host}")
        tell(Progress(what, len(found), len(found)))

    search = Search(
        targets=request.targets,
        multicast=request.multicast,
        timeout_s=min(max(request.timeout_s, 0.1), 60.0),
        port=request.port,
        own=own,
    )
    devices, twice = discover(search, means.allowed, means.clock, on_found=on_found)
    notes = tuple(
        Said(
            "answered_twice",
            "同一台设备从两个地址应答：它有两个网口，或有设备在冒充它",
            "One device answered from two addresses: it has two ports, or another poses as it",
            endpoint,
        )
        for endpoint in twice[:32]
    )
    return Discovered(tuple(map(_found, devices)), notes)


def _found(device: FoundDevice) -> FoundCamera:
    match = device.match
    return FoundCamera(
        endpoint=match.endpoint,
        host=device.host,
        onvif_url=device.url,
        name=match.name,
        model=match.model,
        location=match.location,
        elsewhere=device.elsewhere,
    )


def main() -> None:
    """Answer one request."""
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())  # whatever a library prints is no line of ours
    av.logging.set_level(None)  # FFmpeg's own log repeats addresses with their passwords
    cv2.setNumThreads(1)
    saying = threading.Lock()

    def tell(line: Answer | Progress) -> None:
        with saying:
            data = line_of(line)
            while data:
                data = data[output.write(data) or 0 :]

    code = 0
    try:
        request = read_request(sys.stdin.buffer.readline(_MOST_REQUEST_BYTES))
        own = own_addresses() if isinstance(request, Discover) else ()
        confinement = confine_child(_allowed(request))  # before there are threads
        if confinement.missing:
            logger.warning("confined less than it should be: %s", "; ".join(confinement.missing))
        threading.Thread(target=_watch_parent, name="watch-parent", daemon=True).start()
        over = threading.Timer(_LONGEST_S, os._exit, args=(3,))
        over.daemon = True
        over.start()
        tell(answer_to(request, SystemClock(), tell, own=own))
    except BrokenPipeError:
        code = 1  # nobody hears it any more
    except ValueError:
        tell(failed(Problem.FAILED, "no request"))
        code = 2
    except Exception as error:
        logger.exception("looking at a camera failed in a way that is not foreseen")
        tell(failed(Problem.FAILED, type(error).__name__))
        code = 1
    finally:
        # Readers may still wait inside FFmpeg; tearing the interpreter down under them crashes.
        os._exit(code)


def _watch_parent() -> None:
    """End with the parent: standard input closes when it dies."""
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
