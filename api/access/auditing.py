"""Auditing: who asked from where is told of every change, every look at pictures, every download and every refusal.

One layer around all routes tells by itself, so that no route can forget: every writing request, every answer that is a
picture or a file, and every refusal of somebody with credentials. A route that knows more says it by `note`. What
changes something, is taken away or is refused is stored before the answer goes out; a look is handed over before its
first byte. Where that cannot be done the answer is 503. Bodies and addresses are never told, for they may hold secrets.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from fastapi.requests import HTTPConnection
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.access.auth import Asker
from api.access.declaration import Entrance
from api.access.declared import DECLARED
from api.errors import NotSignedInError
from api.recordings.links import links_of
from hub.access import Principal
from hub.audit import Action, Detail, Entry, Outcome
from hub.errors import StoreBusyError, StoreError
from hub.events import time_to_text
from hub.store.audit import AuditLog
from hub.store.revisions import SAID

logger = logging.getLogger(__name__)

LOOKS = frozenset({Action.VIEW, Action.PLAYBACK, Action.STILL})
"""Many requests of one are told once (`hub/viewings.py`)."""
REFUSED = frozenset({401, 403, 404, 429})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_FAILED = 400
_PREFIX = "/api/v1/"
_STORED_WITHIN_S = 10.0
_ROOM_S = 5.0
_LONGEST_REASON = 300
_NOTED = "audit"

CHANGES_NOTHING: Mapping[str, str] = {
    "POST /api/v1/auth/refresh": "goes on with a sign-in that was told",
    "PUT /api/v1/me/position": "every few seconds, of who asks alone, and kept for minutes",
    "POST /api/v1/cameras/{camera_id}/live": "gives an address; who watches there is told",
    "POST /api/v1/cameras/{camera_id}/links": "gives an address; what is opened with it is told",
    "POST /api/v1/incidents/{incident_id}/evidence/link": "gives an address; the download is told",
    "POST /api/v1/invitations/look": "says what an invitation is for; who uses it is told",
    "POST /api/v1/invitations/outside": "sends a browser to the provider; what comes of it is told",
    "POST /api/v1/notices/dry-run": "says what would be sent",
    "POST /api/v1/silences/preview": "says what would be hidden",
    "POST /api/v1/rules/{rule_id}/test": "runs the rule's own tests",
}
"""Writing requests of which only refusals are told, and why."""

_ACTIONS: tuple[tuple[re.Pattern[str], Action], ...] = tuple(
    (re.compile(pattern), action)
    for pattern, action in (
        (r"GET .*/live.*", Action.VIEW),
        (r"(GET|HEAD) .*(\.m3u8|/recordings/[^/]+\.mp4)", Action.PLAYBACK),
        (r"(GET|HEAD) .*(clip\.mp4|\.zip|\.csv|/files/.*)", Action.EXPORT),
        (r"POST .*/auth/token.*", Action.SIGN_IN),
        (r"POST .*/auth/logout", Action.SIGN_OUT),
        (r"POST .*/recordings/delete", Action.ERASE),
        (r"(POST|PUT) .*/ptz.*", Action.MOVE),
        (r"POST .*/break-glass", Action.BREAK_GLASS),
        (r"(POST|PUT|DELETE) .*/(consents?)(/.*)?", Action.CONSENT),
        (r"(POST|PUT|DELETE) .*/(shares?)(/.*)?", Action.SHARE),
        (r"DELETE .*/(grants|keys|invitations)(/.*)?", Action.TAKE_BACK),
        (r"POST .*/(grants|keys|invitations)", Action.GIVE),
        (r"POST .*/setting-up.*", Action.SETTING_UP),
        (r"(POST|GET) .*/backups?(/.*)?", Action.BACKUP),
    )
)
_IN_PARTS = re.compile(r"(GET|HEAD) .*(clip\.mp4|\.zip|/files/.*)")
"""Downloads that players and browsers ask for in stretches."""
_PICTURES = re.compile(r"(image/(jpeg|png|webp|gif)|video/.*|application/vnd\.apple\.mpegurl)")
_FILES = re.compile(r"(application/(zip|octet-stream|x-tar|gzip|x-pem-file)|text/csv).*")


@dataclass(slots=True)
class Noted:
    """What the routes said of one request, and how it went on."""

    entries: list[Entry] = field(default_factory=list)
    looked: bool = False


def note(
    asked: HTTPConnection,
    action: Action,
    *,
    kind: str,
    id: str,  # noqa: A002 - the word of the entry
    site: str | None = None,
    outcome: Outcome = Outcome.DONE,
    who: Principal | None = None,
    actor: str | None = None,
    camera: str | None = None,
    **more: Detail,
) -> None:
    """Tell what this request is about, better than its address does.

    A look (view, playback, still) is told at once. Anything else is stored before the answer goes out, with the outcome
    of the answer: say it before or after the change, once for each thing that it touches.

    Args:
        asked: The request or the WebSocket.
        action: What is done.
        kind: Of the thing: `camera`, `incident`, `account`, ...
        id: Of the thing.
        site: Where it is; of a camera it is known.
        outcome: If it is refused or fails although the answer does not say so.
        who: Who asks, where that is not who is signed in.
        actor: The name that was typed, where nobody is signed in.
        camera: Whose pictures or settings it is about, if the thing is no camera itself.
        more: Details; names of what was changed, never a secret.

    Raises:
        StoreBusyError: It is a look, and it cannot be told now.
    """
    about = _about(asked, kind=kind, id_=id, site=site, camera=camera)
    entry = replace(_entry(asked, action, who=who, actor=actor), **about, outcome=outcome)
    entry = replace(entry, more={**entry.more, **more})
    noted = asked.scope.get(_NOTED)
    if action in LOOKS and outcome is Outcome.DONE:
        _log(asked).seen(entry)
        if noted is not None:
            noted.looked = True
    elif noted is None:
        _log(asked).note(entry)
    else:
        noted.entries.append(entry)


@contextmanager
def watching(
    asked: HTTPConnection, *, camera: str, who: Principal | None = None, action: Action = Action.VIEW, **more: Detail
) -> Iterator[None]:
    """Tell that somebody watches a camera from here on until this is left.

    Raises:
        StoreBusyError: It cannot be told now, so he must not watch.
    """
    about = _about(asked, kind="camera", id_=camera, site=None, camera=None)
    entry = replace(_entry(asked, action, who=who), **about)
    entry = replace(entry, more={**entry.more, **more})
    log = _log(asked)
    log.seen(entry, held=True)
    try:
        yield
    finally:
        log.let_go(replace(entry, at=asked.app.state.parts.clock.now()))


class Auditing:
    """The layer around all routes."""

    def __init__(self, app: ASGIApp, *, log: AuditLog) -> None:
        """Wrap `app` and tell `log`."""
        self._app = app
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        noted = scope[_NOTED] = Noted()
        if scope.get("method") not in _SAFE:
            SAID.set(_reason(scope))
        told = silent = False

        async def send_told(message: Message) -> None:
            nonlocal told, silent
            status = _status(message)
            if not told and status is not None:
                told = True
                try:
                    await self._tell(scope, noted, status, Headers(raw=message.get("headers", [])))
                except StoreError as error:
                    logger.error("not told, so not answered", extra={"path": scope["path"], "reason": str(error)})  # noqa: TRY400
                    silent = True
                    await problems.from_error(error)(scope, receive, send)
            if not silent:
                await send(message)

        try:
            await self._app(scope, receive, send_told)
        finally:
            if not told and scope["type"] == "http" and (noted.entries or scope["method"] not in _SAFE):
                told = True
                for entry in self._entries(scope, noted, 500, Headers()):
                    self._log.note(replace(entry, outcome=Outcome.FAILED))

    async def _tell(self, scope: Scope, noted: Noted, status: int, headers: Headers) -> None:
        """Have all stored that this request is to leave.

        Raises:
            StoreError: It cannot be.
        """
        if status in REFUSED:
            for entry in self._refusals(scope, noted, status):
                if not self._log.counts(entry):
                    await self._store(entry)
            return
        for entry in self._entries(scope, noted, status, headers):
            is_look = entry.action in LOOKS or (entry.action is Action.EXPORT and _IN_PARTS.fullmatch(route_of(scope)))
            if not is_look or entry.outcome is not Outcome.DONE:
                await self._store(entry)
            elif (begun := self._log.seen(entry)) is not None and entry.action is Action.EXPORT:
                await _stored(begun)

    async def _store(self, entry: Entry) -> None:
        try:
            future = self._log.store(entry)
        except StoreBusyError:
            future = await run_in_threadpool(self._log.store, entry, timeout_s=_ROOM_S)
        await _stored(future)

    def _entries(self, scope: Scope, noted: Noted, status: int, headers: Headers) -> list[Entry]:
        """What is told of a request that was not refused."""
        outcome = Outcome.DONE if status < _FAILED else Outcome.FAILED
        route = route_of(scope)
        if noted.entries:
            said: dict[str, Detail] = {"route": route, "status": status if status >= _FAILED else None}
            return [
                replace(
                    each, outcome=outcome if each.outcome is Outcome.DONE else each.outcome, more={**said, **each.more}
                )
                for each in noted.entries
            ]
        if scope["type"] == "websocket" or noted.looked or not route.partition(" ")[2].startswith(_PREFIX):
            return []
        writes = scope["method"] not in _SAFE
        kind = headers.get("content-type", "")
        is_look, is_file = _PICTURES.match(kind) is not None, _FILES.match(kind) is not None
        if not writes and not (outcome is Outcome.DONE and (is_look or is_file)):
            return []
        if writes and outcome is Outcome.DONE and route in CHANGES_NOTHING:
            return []
        rest = Action.CHANGE if writes else Action.STILL if is_look else Action.EXPORT
        action = next((action for pattern, action in _ACTIONS if pattern.fullmatch(route)), rest)
        asked = HTTPConnection(scope)
        entry = replace(_entry(asked, action), **_thing(asked, headers.get("location")), outcome=outcome)
        span = {} if writes else _span(asked)
        told: dict[str, Detail] = {"route": route, "status": status if status >= _FAILED else None, **span}
        if writes and (reason := _reason(scope)):
            told["reason"] = reason
        return [replace(entry, more={**entry.more, **told})]

    def _refusals(self, scope: Scope, noted: Noted, status: int) -> list[Entry]:
        """What is told of a request that was refused; nothing of an address that is none, or of nobody at all."""
        told: dict[str, Detail] = {"route": route_of(scope), "status": status}
        if noted.entries:
            return [replace(each, outcome=Outcome.REFUSED, more={**told, **each.more}) for each in noted.entries]
        asked = HTTPConnection(scope)
        if scope.get("route") is None or scope.get("problem", "") not in ("", *_REFUSALS):
            return []
        if status != 403 and not _shows_credentials(asked):  # noqa: PLR2004 - forbidden
            return []
        entry = replace(_entry(asked, Action.REFUSED), **_thing(asked, None), outcome=Outcome.REFUSED)
        return [replace(entry, more={**entry.more, **told})]


def _reason(scope: Scope) -> str:
    """Why somebody asks for a change, as he says in the address."""
    return HTTPConnection(scope).query_params.get("reason", "").strip()[:_LONGEST_REASON]


_SECRETS = frozenset(f"{each.method} {each.path}" for each in DECLARED if each.entrance is Entrance.SECRET)
"""Where what is asked with stands in the body: who guesses there is told of too."""
_REFUSALS = ("not-signed-in", "forbidden", "not-found", "too-many")


async def _stored(future: Future[int]) -> None:
    """Wait until it is.

    Raises:
        StoreError: It cannot be.
    """
    try:
        async with asyncio.timeout(_STORED_WITHIN_S):
            await asyncio.shield(asyncio.wrap_future(future))
    except TimeoutError as error:
        raise StoreBusyError("the audit log is not written") from error


def _span(asked: HTTPConnection) -> dict[str, Detail]:
    """Which recordings are looked at, as the address or its link says."""
    said = asked.query_params
    since, until = said.get("from") or said.get("at"), said.get("to") or said.get("at")
    if "link" in said and (since is None or until is None):
        try:
            link = links_of(asked.app.state.parts).read(said["link"])
        except NotSignedInError:
            return {"since": since, "until": until}
        since = since or (None if link.start is None else time_to_text(link.start))
        until = until or (None if link.end is None else time_to_text(link.end))
    return {"since": since, "until": until}


def route_of(scope: Scope) -> str:
    """Method and template of the route that answers; the address itself may hold a link."""
    template = getattr(scope.get("route"), "path", "(none)")
    return f"{scope.get('method', 'WEBSOCKET')} {template}"


def _status(message: Message) -> int | None:
    """The status of an answer, when this message begins one."""
    if message["type"] in ("http.response.start", "websocket.http.response.start"):
        return int(message["status"])
    return {"websocket.accept": 101, "websocket.close": 403}.get(message["type"])


def _entry(asked: HTTPConnection, action: Action, *, who: Principal | None = None, actor: str | None = None) -> Entry:
    """An entry with who asks, from where, and when."""
    if who is None:
        asker = getattr(asked.state, "asker", None)
        who = asker.principal if isinstance(asker, Asker) else None
    return Entry(
        at=asked.app.state.parts.clock.now(),
        action=action,
        account="" if who is None else who.id,
        actor=(actor or "") if who is None else who.name,
        role="" if who is None else who.role,
        address="" if asked.client is None else asked.client.host,
        more={} if who is None or who.key is None else {"key": who.key},
    )


def _about(asked: HTTPConnection, *, kind: str, id_: str, site: str | None, camera: str | None) -> dict[str, Any]:
    """The parts of an entry that say of what it is; where a camera is stands in the Community."""
    camera = id_ if kind == "camera" else camera
    if site is None and camera is not None:
        found = asked.app.state.parts.revisions.current().camera(camera)
        site = None if found is None else found.site
    if site is None and kind == "site":
        site = id_
    return {"kind": kind, "id": id_, "camera": camera, "site": site}


def _thing(asked: HTTPConnection, location: str | None) -> dict[str, Any]:
    """Of what a request is, by its address: its last id, or that of what it made, or the noun alone."""
    named = [(name, str(value)) for name, value in asked.path_params.items() if name.endswith("_id")]
    words = route_of(asked.scope).partition(_PREFIX)[2].split("/")
    noun = words[0].removesuffix("s") if words[0] else ""
    if named:
        name, value = next((each for each in named if each[0] == "camera_id"), named[-1])
        return {**_about(asked, kind=name.removesuffix("_id"), id_=value, site=None, camera=_camera(named))}
    if asked.path_params:
        return _about(asked, kind=noun, id_=str(next(iter(asked.path_params.values()))), site=None, camera=None)
    made = "" if location is None or not location.startswith("/") else location.rsplit("/", 1)[-1]
    return _about(asked, kind=noun, id_=made, site=None, camera=None)


def _camera(named: list[tuple[str, str]]) -> str | None:
    return dict(named).get("camera_id")


def _shows_credentials(asked: HTTPConnection) -> bool:
    """Whether somebody asks, and not nobody: with a token or key, a link, or a secret in the body."""
    return (
        route_of(asked.scope) in _SECRETS
        or getattr(asked.state, "asker", None) is not None
        or "authorization" in asked.headers
        or "x-api-key" in asked.headers
        or "link" in asked.query_params
    )


def _log(asked: HTTPConnection) -> AuditLog:
    log = asked.app.state.parts.audit.log
    assert isinstance(log, AuditLog)
    return log


__all__ = ["Auditing", "note", "watching"]
