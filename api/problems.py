"""Problems: the one place where errors become HTTP answers (RFC 9457, `application/problem+json`).

Every `type` is a stable `urn:hub:problem:...` that programs may compare; titles and details are for people and may
change. What an error of ours says reaches the client, because its text was written for that; of any other error nothing
does: it is logged once with a traceback, and the answer is a bare 500.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.errors import (
    BadRequestError,
    CameraHeldError,
    ChangedMeanwhileError,
    ForbiddenError,
    NotSignedInError,
    PreconditionError,
    SecondFactorMissingError,
    SheetRefusedError,
    SomebodyWasFirstError,
    TooManyError,
    TrialFailedError,
    UnavailableError,
)
from cameras.errors import DamagedFileError, FormatChangesError, MediaGoneError, NothingRecordedError
from config.pydantic_words import pydantic_says
from hub.errors import (
    ConfigurationError,
    ConflictError,
    HubError,
    Mistake,
    NoPlaceError,
    NotAllowedError,
    NotFoundError,
    SecondFactorNeededError,
    StoreBusyError,
    StoreClosedError,
)
from hub.events import time_to_text

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:hub:problem:"


@dataclass(frozen=True, slots=True)
class _Kind:
    status: int
    slug: str
    title: str


_INTERNAL = _Kind(500, "internal", "The hub made a mistake; it is in its log")

_KINDS: Mapping[type[HubError], _Kind] = {
    NotSignedInError: _Kind(401, "not-signed-in", "Sign in first"),
    SecondFactorNeededError: _Kind(401, "second-factor-needed", "The code of the second factor is needed too"),
    SecondFactorMissingError: _Kind(403, "second-factor-missing", "Set up a second factor first"),
    ForbiddenError: _Kind(403, "forbidden", "Your role does not allow this"),
    NotFoundError: _Kind(404, "not-found", "There is no such thing, or it is not for you"),
    NotAllowedError: _Kind(409, "not-allowed-now", "This cannot be done in the present state"),
    NothingRecordedError: _Kind(404, "nothing-recorded", "Nothing was recorded then"),
    ConflictError: _Kind(409, "conflict", "Somebody else was first"),
    SomebodyWasFirstError: _Kind(409, "conflict", "Somebody else was first"),
    DamagedFileError: _Kind(410, "media-gone", "What was recorded then cannot be read any more"),
    MediaGoneError: _Kind(410, "media-gone", "What was recorded then cannot be read any more"),
    ChangedMeanwhileError: _Kind(412, "changed-meanwhile", "It was changed since you read it"),
    FormatChangesError: _Kind(422, "format-changes", "Codec, picture size or sound changes in this span"),
    ConfigurationError: _Kind(422, "configuration", "These settings cannot be used"),
    BadRequestError: _Kind(422, "validation", "A part of the request cannot be used"),
    SheetRefusedError: _Kind(422, "sheet", "This sheet cannot be used as it is"),
    TrialFailedError: _Kind(422, "camera", "The camera did not do what it was asked for"),
    CameraHeldError: _Kind(409, "camera-held", "Somebody else turns this camera"),
    PreconditionError: _Kind(428, "precondition-required", "Say which version you change, with If-Match"),
    TooManyError: _Kind(429, "too-many", "A bound is reached; come back later"),
    NoPlaceError: _Kind(429, "too-many", "A bound is reached; come back later"),
    UnavailableError: _Kind(503, "unavailable", "A part of the hub does not answer"),
    StoreBusyError: _Kind(503, "busy", "The hub has more to write than it can; try again"),
    StoreClosedError: _Kind(503, "stopping", "The hub is stopping"),
}

_BY_STATUS: Mapping[int, _Kind] = {
    400: _Kind(400, "bad-request", "The request cannot be read"),
    403: _Kind(403, "forbidden", "This is not allowed"),
    404: _Kind(404, "not-found", "There is no such thing, or it is not for you"),
    405: _Kind(405, "method-not-allowed", "This address does not take this method"),
    406: _Kind(406, "not-acceptable", "This address does not answer in that form"),
    413: _Kind(413, "too-large", "The request is larger than the hub takes"),
    415: _Kind(415, "unsupported-media-type", "This address does not take this kind of body"),
    416: _Kind(416, "range-not-satisfiable", "There is no such stretch of it"),
    421: _Kind(421, "wrong-host", "The hub does not go by this name"),
    503: _Kind(503, "unavailable", "A part of the hub does not answer"),
}


def problem(
    status: int,
    *,
    detail: str | None = None,
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
) -> Response:
    """The answer for a plain HTTP status, for what has no error class of ours."""
    return _answer(
        _BY_STATUS.get(status, _Kind(status, f"http-{status}", "The request was refused")), detail, headers, more
    )


def from_error(error: Exception) -> Response:
    """The answer for any error: ours in its own words, any other as a bare 500."""
    if isinstance(error, HTTPException):
        return problem(error.status_code, headers=error.headers)
    if isinstance(error, RequestValidationError):
        return _validation(error.errors())
    kind = next((_KINDS[cls] for cls in type(error).__mro__ if cls in _KINDS), None)
    if kind is None:
        return _answer(_INTERNAL, None, None, None)
    headers, more = _besides(error)
    # The text of a ConfigurationError stands in `errors`, one by one; that of a store error is about our inside.
    wordy = not isinstance(error, (ConfigurationError, StoreBusyError, StoreClosedError))
    return _answer(kind, str(error) if wordy else None, headers, more)


def _besides(error: Exception) -> tuple[dict[str, str], dict[str, Any]]:
    """What an error of ours says beside its words: headers, and parts of the body."""
    headers: dict[str, str] = {}
    more: dict[str, Any] = {}
    if isinstance(error, (NotSignedInError, SecondFactorNeededError)):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, (TooManyError, NoPlaceError)):
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, StoreBusyError):
        headers["Retry-After"] = "2"
    if isinstance(error, UnavailableError) and error.retry_after_s is not None:
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, CameraHeldError):
        more |= {"held_by": error.by, "until": time_to_text(error.until)}
    if isinstance(error, NotAllowedError):
        more["allowed"] = list(error.allowed)
    if isinstance(error, ChangedMeanwhileError):
        headers["ETag"] = error.etag
        more["current"] = error.current
        more["first"] = error.first
    if found := _errors(error):
        more["errors"] = found
    if isinstance(error, FormatChangesError):
        more["spans"] = [{"from": time_to_text(start), "to": time_to_text(end)} for start, end in error.spans]
    return headers, more


def _errors(error: Exception) -> list[dict[str, Any]]:
    """Each wrong part, of an error that knows them."""
    match error:
        case BadRequestError():
            return [{"where": error.where, "message": str(error)}]
        case ConfigurationError():
            return [_mistake(item) for item in error.mistakes]
        case TrialFailedError():
            return [{"where": error.problem, "message": error.en, "message_zh": error.zh}]
        case SheetRefusedError():
            return [
                {"where": each.column or "line", "message": each.says.en, "message_zh": each.says.zh, "line": each.line}
                for each in error.mistakes
            ]
        case _:
            return []


def install(app: FastAPI) -> None:
    """Have `app` answer every error through this module."""

    async def handle(request: Request, error: Exception) -> Response:
        answer = from_error(error)
        request.scope["problem"] = next((_KINDS[cls].slug for cls in type(error).__mro__ if cls in _KINDS), "")
        if answer.status_code == _INTERNAL.status:
            logger.error("request failed", exc_info=error)
        return answer

    for cls in (HubError, HTTPException, RequestValidationError):
        app.add_exception_handler(cls, handle)


def schema() -> dict[str, Any]:
    """The OpenAPI description of a problem, for every route's error answers."""
    return {
        "type": "object",
        "required": ["type", "title", "status"],
        "properties": {
            "type": {"type": "string", "format": "uri", "examples": [f"{TYPE_PREFIX}not-found"]},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "where": {"type": "string"},
                        "message": {"type": "string"},
                        "message_zh": {"type": "string", "description": "The same in Chinese, where there is one."},
                        "line": {"type": "integer", "description": "In a text that was sent, from 1."},
                    },
                },
            },
            "allowed": {"type": "array", "items": {"type": "string"}},
            "held_by": {"type": "string", "description": "Name of the account that turns the camera."},
            "until": {"type": "string", "format": "date-time"},
            "spans": {
                "type": "array",
                "description": "Parts of what was asked for that can be had, each by itself.",
                "items": {
                    "type": "object",
                    "properties": {
                        "from": {"type": "string", "format": "date-time"},
                        "to": {"type": "string", "format": "date-time"},
                    },
                },
            },
        },
    }


def kinds() -> tuple[tuple[int, str, str], ...]:
    """Every problem there is, as (status, type, title), for the reference page."""
    ours = {kind.slug: kind for kind in (*_KINDS.values(), _INTERNAL)}
    every = {(kind.status, TYPE_PREFIX + kind.slug, kind.title) for kind in {**_plain(), **ours}.values()}
    return tuple(sorted(every))


def _mistake(mistake: Mistake) -> dict[str, Any]:
    """One wrong part; with its line when the client sent a text."""
    where = {"where": mistake.path or "body", "message": mistake.message, "message_zh": mistake.message_zh}
    return where if mistake.line is None else {**where, "line": mistake.line}


def _plain() -> dict[str, _Kind]:
    return {kind.slug: kind for kind in _BY_STATUS.values()}


def _validation(errors: Sequence[Mapping[str, Any]]) -> Response:
    # What was sent is not repeated: it may be a password.
    found = [
        {
            "where": ".".join(str(part) for part in item.get("loc", ())),
            "message": str(item.get("msg", "")),
            "message_zh": pydantic_says(item).zh,
        }
        for item in errors
    ]
    return _answer(_KINDS[BadRequestError], None, None, {"errors": found})


def _answer(
    kind: _Kind, detail: str | None, headers: Mapping[str, str] | None, more: Mapping[str, Any] | None
) -> Response:
    body: dict[str, Any] = {"type": TYPE_PREFIX + kind.slug, "title": kind.title, "status": kind.status}
    if detail:
        body["detail"] = detail
    body.update({key: value for key, value in (more or {}).items() if value is not None})
    return Response(
        json.dumps(body, ensure_ascii=False),
        status_code=kind.status,
        media_type=MEDIA_TYPE,
        headers=dict(headers or {}),
    )
