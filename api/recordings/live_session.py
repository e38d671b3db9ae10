"""Live session: one WebSocket on which somebody watches a camera.

It passes on what comes, takes new links, and asks every few seconds whether he may still watch. Whatever ends it, he is
told in one word, and nobody who does not read can hold its place.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from dataclasses import dataclass
from datetime import datetime

from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocket, WebSocketDisconnect

from api.access.camera_sight import linked_camera, seen_camera
from api.errors import NotSignedInError
from api.parts import Parts
from api.recordings.links import Link, link_holder
from cameras.live.watching import Watcher
from cameras.live.wire import Begins, Dropped, Item, Part, Pauses
from cameras.recordings.media import StreamName
from config.community import Camera
from hub.errors import HubError, NotFoundError
from hub.fair_share import Guest, guest_of

logger = logging.getLogger(__name__)

CHECK_EVERY_S = 5.0
SEND_WITHIN_S = 20.0
"""A phone that is gone without a word must not hold its place."""
_SAY_GOODBYE_S = 2.0
_TAKE_S = 1.0

_GONE, _NOT_ALLOWED, _RESTARTS, _TOO_SLOW, _MEANINGLESS = 1000, 4401, 1012, 4408, 1003
_CODES = {
    "signed_out": _NOT_ALLOWED,
    "link_ended": _NOT_ALLOWED,
    "not_allowed": _NOT_ALLOWED,
    "stopping": _RESTARTS,
    "too_slow": _TOO_SLOW,
    "not_understood": _MEANINGLESS,
}
"""Close codes by reason; the reason is sent too, in words that programs may compare."""


@dataclass(frozen=True, slots=True)
class Grant:
    """That somebody may watch a camera, by which link, and until when."""

    guest: Guest
    camera: Camera
    link: Link
    ends: datetime


class Session:
    """One open WebSocket. `run` once, when it is accepted."""

    def __init__(self, asked: WebSocket, here: Parts, grant: Grant, *, stream: StreamName, watcher: Watcher) -> None:
        """Prepare.

        Args:
            asked: The WebSocket.
            here: The hub's parts.
            grant: That he may watch.
            stream: Which stream of the camera he watches.
            watcher: What comes for him.
        """
        self._asked = asked
        self._here = here
        self._grant = grant
        self._stream = stream
        self._watcher = watcher
        self._next_link: str | None = None
        """Sent while the store could not be asked about it."""

    async def run(self) -> None:
        """Until it is over, whoever ends it."""
        tasks = [asyncio.create_task(work) for work in (self._send(), self._listen(), self._watch_access())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            because = next(iter(done)).result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if because is not None:
            # Whoever does not read may not keep us: he finds the connection closed.
            with contextlib.suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
                async with asyncio.timeout(_SAY_GOODBYE_S):
                    await self._say("ends", because=because)
                    await self._asked.close(_CODES.get(because, _GONE), because)

    async def _send(self) -> str | None:
        """Pass on what comes; gives why it ends."""
        try:
            while self._watcher.dismissed is None:
                item = await self._watcher.take(_TAKE_S)
                if item is not None:
                    async with asyncio.timeout(SEND_WITHIN_S):
                        await self._pass_on(item)
        except TimeoutError:
            return "too_slow"
        except WebSocketDisconnect:
            return None
        return self._watcher.dismissed

    async def _pass_on(self, item: Item) -> None:
        match item:
            case Part():
                await self._asked.send_bytes(item.data)
            case Begins():
                await self._say(
                    "begins",
                    stream=self._stream.value,
                    mime=f'video/mp4; codecs="{item.codecs}"',
                    codecs=item.codecs,
                    width=item.width,
                    height=item.height,
                    sound=item.sound,
                    sound_left_out=item.left_out,
                    cached=item.cached,
                )
                await self._asked.send_bytes(item.init)
            case Pauses():
                await self._say("paused", because=item.because)
            case Dropped():
                self._here.metrics.live_dropped.inc(item.pictures)
                await self._say("dropped", pictures=item.pictures)

    async def _listen(self) -> str | None:
        """Take new links; gives why it ends."""
        try:
            while True:
                text = await self._asked.receive_text()
                try:
                    link = json.loads(text)["link"]
                    if not isinstance(link, str):
                        return "not_understood"
                except (ValueError, KeyError, TypeError):
                    return "not_understood"
                if (because := await self._renew(link)) is not None:
                    return because
        except (WebSocketDisconnect, KeyError):  # a binary message has no text
            return None

    async def _renew(self, link: str) -> str | None:
        """Go on by a new link; gives why not."""
        try:
            grant = await run_in_threadpool(grant_of, self._here, self._grant.camera.id, link)
        except NotSignedInError:
            return "link_ended"
        except NotFoundError:
            return "not_allowed"
        except HubError as error:
            # The store is busy: nobody is cut off for that. The page will not send it again, so it is kept.
            logger.warning("a new link cannot be checked now", extra={"detail": str(error)})
            self._next_link = link
            return None
        if grant.guest.account != self._grant.guest.account:
            return "not_allowed"
        self._grant, self._next_link = grant, None
        return None

    async def _watch_access(self) -> str:
        """Ask again and again whether he may watch; gives why not."""
        while True:
            await asyncio.sleep(CHECK_EVERY_S)
            if self._next_link is not None and (because := await self._renew(self._next_link)) is not None:
                return because
            if self._here.clock.now() >= self._grant.ends:
                return "link_ended"
            try:
                await run_in_threadpool(_check, self._here, self._grant)
            except NotSignedInError:
                return "signed_out"
            except NotFoundError:
                return "not_allowed"
            except HubError:
                # The store is busy: nobody is cut off for that, but the link ends when it does.
                logger.warning("who watches cannot be checked now", extra={"camera": self._grant.camera.id})

    async def _say(self, what: str, **more: object) -> None:
        await self._asked.send_text(json.dumps({"type": what, **more}))


def grant_of(here: Parts, camera_id: str, token: str | None) -> Grant:
    """What a link grants.

    Raises:
        NotSignedInError: There is none, or it is not good any more.
        NotFoundError: It is not for this camera, or the camera is gone or not for him any more.
    """
    if token is None:
        raise NotSignedInError("ask POST /cameras/{camera_id}/live for an address with a link")
    link, who, camera = linked_camera(here, token, "live", camera_id)
    return Grant(guest_of(who), camera, link, link.expires)


def _check(here: Parts, grant: Grant) -> None:
    """Whether he may see this camera now.

    Raises:
        NotSignedInError: He may not sign in any more, signed out everywhere since, or his API key is over.
        NotFoundError: The camera is gone, or not for him any more.
    """
    seen_camera(here, link_holder(here, grant.link), grant.camera.id)
