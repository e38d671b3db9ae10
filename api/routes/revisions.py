"""Revisions: every version of the Community, what is other between two, going back to one, and all of it as YAML.

Each change is one revision with its author and reason, whoever made it and by whatever way. Going back is a new
revision: nothing of the history is lost, and what is not in it (recordings, accounts) does not come back. No secret is
ever shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from starlette.exceptions import HTTPException

from api import etags
from api.access.auditing import note
from api.access.auth import needs
from api.access.reaching import everywhere
from api.community_import import read_community, text_of
from api.errors import BadRequestError, ChangedMeanwhileError
from api.etags import IfMatch
from api.paging import Cursor, Limit, Page, decode_number, encode
from api.parts import Here, Parts
from api.schemas.places import Text
from api.schemas.revisions import DifferenceView, PutInForceView, RestoreBody, RevisionDiffView, RevisionView
from config.community import Community
from config.difference import Difference, differences
from config.says import said_by
from hub.access import Permission, Principal
from hub.audit import Action
from hub.errors import ConfigurationError, Mistake, NotFoundError, StoreBusyError, StoreClosedError, StoreError
from hub.store.revisions import SAID, Revision

router = APIRouter(prefix="/api/v1", tags=["revisions"])


def _viewer(here: Here, who: Annotated[Principal, Depends(needs(Permission.VIEW_COMMUNITY))]) -> Principal:
    """Who may see all of it, for a revision holds all that there is."""
    everywhere(here, who, Permission.VIEW_COMMUNITY)
    return who


def _editor(here: Here, who: Annotated[Principal, Depends(needs(Permission.EDIT_COMMUNITY))]) -> Principal:
    """Who may change all of it."""
    everywhere(here, who, Permission.EDIT_COMMUNITY)
    return who


Viewer = Annotated[Principal, Depends(_viewer)]
Editor = Annotated[Principal, Depends(_editor)]

MOST = 2_000_000_000
Number = Annotated[int, Path(ge=0, le=MOST)]
_YAML = "application/yaml"
_TEXTS = (_YAML, "application/x-yaml", "text/yaml", "text/x-yaml", "text/plain")
_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {_YAML: {"schema": {"type": "object"}}},
        "description": "As community.yaml; its ETag is to change.",
    }
}
_BODY: dict[str, Any] = {"requestBody": {"required": True, "content": {_YAML: {"schema": {"type": "string"}}}}}


@router.get("/revisions", summary="Every version of the community")
def revisions(here: Here, _who: Viewer, cursor: Cursor = None, limit: Limit = 100) -> Page[RevisionView]:
    """Who changed it when and why, the newest first."""
    found = here.revisions.history(before=decode_number(cursor), limit=limit + 1)
    following = encode(str(found[limit - 1].number)) if len(found) > limit else None
    return Page(items=[_view(here, each) for each in found[:limit]], next=following)


@router.get("/revisions/{number}", summary="One version")
def revision(here: Here, _who: Viewer, number: Number) -> RevisionView:
    """Who made it, when and why."""
    return _view(here, here.revisions.revision(number))


@router.get("/revisions/{number}/diff", summary="What is other")
def diff(
    here: Here,
    _who: Viewer,
    number: Number,
    to: Annotated[
        int | None, Query(ge=0, le=MOST, description="The other version; left out: the one in force.")
    ] = None,
) -> RevisionDiffView:
    """What was added, removed and changed from this version to another, by id and field."""
    other = here.revisions.number if to is None else to
    found = differences(_version(here, number), _version(here, other))
    return RevisionDiffView(number=number, to=other, differences=_shown(found))


@router.post("/revisions/{number}/restore", summary="Go back to a version")
def restore(
    *, here: Here, who: Editor, request: Request, number: Number, body: RestoreBody, if_match: IfMatch = None
) -> PutInForceView:
    """Put an older version in force again, as a new one. Cameras that are as they were go on without a gap.

    `If-Match` is the ETag of `GET /community`. Refused with the mistakes when it does not fit the rules of today.
    """
    before = _unchanged(here, etags.required(if_match))
    community = _version(here, number)
    SAID.set(body.reason)
    made = _put(here, who, community, before=before, reason=f"as of revision {number}")
    changed = [each.path for each in made.differences]
    id_ = str(made.revision or number)
    note(request, Action.CHANGE, kind="revision", id=id_, restored=number, reason=body.reason, changed=changed)
    return made.model_copy(update={"stays": list(_stays(before[1], community))})


@router.get("/community", summary="All of it, as YAML", response_class=Response, responses=_ANSWER)
def community(here: Here, _who: Viewer) -> Response:
    """What there is, without secrets and without what is as it would be anyway; it can be sent back."""
    number, there = here.revisions.newest()
    return Response(text_of(there), media_type=_YAML, headers={"ETag": etags.of_version(number)})


async def _text(request: Request) -> str:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in _TEXTS:
        raise HTTPException(415)
    raw = await request.body()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadRequestError("body", "is not UTF-8") from error


@router.put("/community", summary="Change all of it", openapi_extra=_BODY)
def replace(
    *,
    here: Here,
    who: Editor,
    request: Request,
    text: Annotated[str, Depends(_text)],
    if_match: IfMatch = None,
    reason: Annotated[str, Query(max_length=300, description="Why, for those who look at it later.")] = "",
    dry_run: Annotated[bool, Query(description="Say what would be other, and every mistake; change nothing.")] = False,
) -> PutInForceView:
    """Put a whole community.yaml in force; only what is other is touched. `***` keeps the secret that it hides."""
    before = _unchanged(here, etags.required(if_match))
    wished = read_community(text, before[1], here.revisions)
    if dry_run:
        made = PutInForceView(revision=None, differences=_shown(differences(before[1], wished)))
    else:
        made = _put(here, who, wished, before=before, reason="community replaced")
    changed, id_ = [each.path for each in made.differences], str(made.revision or before[0])
    said = reason or None
    note(request, Action.CHANGE, kind="revision", id=id_, dry_run=dry_run or None, reason=said, changed=changed)
    return made


def _put(
    here: Parts, who: Principal, wished: Community, *, before: tuple[int, Community], reason: str
) -> PutInForceView:
    """Have a whole Community in force, as one revision; none when nothing is other.

    Raises:
        ConfigurationError: It has mistakes.
        ConflictError: Another revision came between.
    """
    found = differences(before[1], wished)
    if wished == before[1]:
        return PutInForceView(revision=None, differences=[])
    made = here.revisions.accept(wished, author=who.name, reason=reason, expected=before[0])
    return PutInForceView(revision=made.number, differences=_shown(found))


def _unchanged(here: Parts, expected: str) -> tuple[int, Community]:
    """What is in force, if that is what the client read.

    Raises:
        ChangedMeanwhileError: It is not.
    """
    number, there = here.revisions.newest()
    etag = etags.of_version(number)
    if expected not in ("*", etag):
        current = _view(here, here.revisions.revision(number)).model_dump(mode="json") if number else {}
        raise ChangedMeanwhileError("the community was changed since you read it", current=current, etag=etag)
    return number, there


def _version(here: Parts, number: int) -> Community:
    """The Community as it was.

    Raises:
        NotFoundError: There is no such version.
        ConfigurationError: It does not fit what this program reads.
    """
    if number == 0:
        raise NotFoundError(f"no revision {number}")
    try:
        return here.revisions.version(number)
    except (StoreBusyError, StoreClosedError):
        raise
    except StoreError as error:
        raise ConfigurationError((Mistake(None, f"revisions.{number}", said_by(error)),)) from error


def _stays(before: Community, after: Community) -> Iterator[Text]:
    """What does not come back with an older version."""
    there = {camera.id for camera in before.cameras}
    back = sorted(camera.id for camera in after.cameras if camera.id not in there)
    if back:
        names = ", ".join(back[:20])
        yield Text(
            zh=f"摄像头 {names}：期间已删除或到期的录像不会恢复，期间未录制的时段仍为空缺",
            en=f"cameras {names}: recordings that were deleted or ran out meanwhile do not come back, and what was not "
            "recorded stays a gap",
        )
    yield Text(
        zh="账户、授权、住户同意、规则、屏蔽、排班以外的事件与告警不属于社区配置，保持现状",
        en="accounts, grants, consents, rules, silences, events and alerts are not part of the community and stay as "
        "they are",
    )


def _view(here: Parts, each: Revision) -> RevisionView:
    return RevisionView(
        number=each.number,
        at=each.at,
        author=each.author,
        reason=each.reason,
        from_file=each.file_digest is not None,
        in_force=each.number == here.revisions.number,
    )


def _shown(found: tuple[Difference, ...]) -> list[DifferenceView]:
    return [
        DifferenceView(path=each.path, change=each.change, before=each.before, after=each.after, secret=each.secret)
        for each in found
    ]
