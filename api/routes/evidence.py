"""Evidence: what is kept of an incident, signed, until somebody releases it by name; and what people delete.

Whoever may work on an incident sees its evidence, as he sees its pictures. The room freezes more by hand; a supervisor
releases. A resident deletes spans of what the cameras of the own home recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.security import OAuth2PasswordBearer
from starlette.responses import FileResponse

from api.access.agreed import Agreed
from api.access.auditing import note
from api.access.auth import Asker, having, needs, signed_in
from api.access.camera_sight import SEERS as CAMERA_SEERS
from api.access.camera_sight import recorded_at, recorded_camera
from api.access.reaching import reach_of, reached_pictures
from api.access.sight import SEERS, seen, sight_of
from api.errors import BadRequestError
from api.paging import Cursor, Limit, Page, decode_number, encode
from api.parts import Here, Parts
from api.recordings.deletions import LONGEST, own_camera
from api.recordings.evidence import Kept
from api.recordings.evidence_place import Place
from api.recordings.links import holder_of, link_holder, links_of
from api.recordings.ranged import ranged
from api.schemas.evidence import (
    DeleteBody,
    DeletionView,
    EvidenceAbsenceView,
    EvidenceFileView,
    EvidenceKeyView,
    EvidenceView,
    EvidenceWantedView,
    FreezeBody,
    ReleaseBody,
)
from api.schemas.recordings import LinkView
from cameras.errors import MediaGoneError
from cameras.recordings.evidence.bundle import Bundle, Packed
from cameras.recordings.evidence.manifest import Absence, Manifest, name_of
from hub.access import Permission, Principal, allows
from hub.audit import Action
from hub.errors import NotFoundError
from hub.store.recording_deletions import Deletion

router = APIRouter(prefix="/api/v1", tags=["evidence"])
open_router = APIRouter(prefix="/api/v1", tags=["evidence"])
"""Without a token, for a link will do."""
Pictured = Annotated[Principal, Depends(needs(Permission.VIEW_PICTURES, Permission.ANSWER_ORDERS))]
Handler = Annotated[Principal, Depends(needs(Permission.HANDLE_INCIDENTS))]
Releaser = Annotated[Principal, Depends(needs(Permission.RELEASE_EVIDENCE))]
Deleter = Annotated[Principal, Depends(needs(Permission.DELETE_RECORDINGS))]
Looker = Annotated[Principal, Depends(needs(*CAMERA_SEERS))]

_scheme = OAuth2PasswordBearer(tokenUrl="/api/v1/auth/token", auto_error=False)

LINK_LIVES_S = 3600.0
"""A download that broke is taken up again within the hour."""
_LONGEST_BY_HAND = timedelta(hours=2)
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)
_MOST_AHEAD = timedelta(hours=1)
_MEDIA = {".mp4": "video/mp4", ".jpg": "image/jpeg", ".json": "application/json", ".pem": "application/x-pem-file"}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {}}, "description": "The file."},
    206: {"content": {"application/octet-stream": {}}, "description": "The stretch that was asked for."},
}
_ZIP: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/zip": {}}, "description": "All of it."},
    206: {"content": {"application/zip": {}}, "description": "The stretch that was asked for."},
}


@router.get("/evidence/key", summary="The key that signs evidence")
def key(here: Here, _who: Pictured) -> EvidenceKeyView:
    """Its fingerprint, to be written down where it cannot be changed, and the key for those who check."""
    held = here.evidence.kept.key
    return EvidenceKeyView(fingerprint=held.fingerprint, public_key=held.pem.decode())


@router.get("/incidents/{incident_id}/evidence", summary="What is kept of it")
def evidence(here: Here, who: Pictured, incident_id: str) -> EvidenceView:
    """Clips and pictures that are kept beside the incident, what is missing, and what is still to come.

    Only of cameras whose pictures you may see; all of it in one file is for who may see all of them.
    """
    return _view(here, who, _kept(here, who, incident_id))


@router.post("/incidents/{incident_id}/evidence", summary="Keep more", status_code=202)
def freeze(here: Here, who: Handler, incident_id: str, body: FreezeBody) -> EvidenceView:
    """Have spans of cameras copied beside the incident; what lies ahead is copied when it is over."""
    found = seen(here, who, incident_id, to_work=True)
    since, until = _span(body.since, body.until, longest=_LONGEST_BY_HAND)
    if until > here.clock.now() + _MOST_AHEAD:
        raise BadRequestError("body.to", "lies more than an hour ahead")
    community, sees = here.revisions.current(), _seen_pictures(here, who)
    for number, camera in enumerate(body.cameras):
        if community.camera(camera) is None or not sees(camera, since):
            raise BadRequestError(f"body.cameras.{number}", f"there is no camera {camera}")
    here.evidence.kept.ask(found.id, body.cameras, since, until, who=who.name, why=body.reason)
    return _view(here, who, _kept(here, who, incident_id))


@router.post("/incidents/{incident_id}/evidence/release", summary="It is not needed any more")
def release(here: Here, who: Releaser, incident_id: str, body: ReleaseBody) -> EvidenceView:
    """Clips and pictures go after seven days, the manifests stay. What joins the incident before takes it back."""
    found = seen(here, who, incident_id, to_work=True)
    here.evidence.kept.release(found, who=who.name, why=body.reason)
    return _view(here, who, _kept(here, who, incident_id))


@router.get("/incidents/{incident_id}/evidence/files/{name}", summary="A manifest", responses=_FILE)
def file(here: Here, who: Pictured, incident_id: str, name: str) -> FileResponse:
    """A manifest, its signature or the key."""
    return _file(_whole(here, who, incident_id), name)


@router.get("/incidents/{incident_id}/evidence/files/{folder}/{name}", summary="A clip or picture", responses=_FILE)
def media(*, here: Here, who: Pictured, request: Request, incident_id: str, folder: str, name: str) -> FileResponse:
    """A clip or a picture; any stretch can be asked for."""
    kept, wanted = _kept(here, who, incident_id), f"{folder}/{name}"
    files = () if kept.place.manifest is None else kept.place.manifest.files
    found = next((each for each in files if each.name == wanted), None)
    camera = None if found is None else found.camera
    if found is not None and not _seen_pictures(here, who)(found.camera, found.since):
        raise NotFoundError(f"no such file in the evidence of incident {kept.case.incident}")
    answer = _file(kept, wanted)
    note(request, Action.EXPORT, kind="incident", id=incident_id, camera=camera, file=wanted)
    return answer


@router.post("/incidents/{incident_id}/evidence/link", summary="Get a link to all of it", status_code=201)
def link(here: Here, who: Pictured, incident_id: str) -> LinkView:
    """An address for a download, good for an hour and for whoever asked. Whoever has it gets all of it."""
    kept = _whole(here, who, incident_id)
    token = links_of(here).issue(holder_of(here, who), "evidence", kept.case.incident, lives_s=LINK_LIVES_S)
    address = f"/api/v1/incidents/{kept.case.incident}/evidence.zip?{urlencode({'link': token})}"
    return LinkView(url=address, expires=here.clock.now() + timedelta(seconds=LINK_LIVES_S))


def _downloading(
    *,
    here: Here,
    request: Request,
    incident_id: str,
    link: Annotated[str | None, Query(max_length=512, description="In place of an access token.")] = None,
    token: Annotated[str | None, Depends(_scheme)] = None,
) -> Principal:
    """Who downloads, with a token or a link for this incident, as his account is now."""
    allowed = (Permission.VIEW_PICTURES, Permission.ANSWER_ORDERS)
    if link is None:
        return having(signed_in(here, token, request), *allowed)
    found = links_of(here).read(link)
    who = link_holder(here, found)
    if found.what != "evidence" or found.camera != incident_id:
        raise NotFoundError(f"no incident {incident_id}")
    return having(Asker(who, found.expires), *allowed)


@open_router.get("/incidents/{incident_id}/evidence.zip", summary="All of it", response_class=Response, responses=_ZIP)
def bundle(
    *, here: Here, who: Annotated[Principal, Depends(_downloading)], request: Request, incident_id: str
) -> Response:
    """Everything with manifests, signatures and key, for `hub recordings verify`; a broken download can go on.

    What a household does not let you see is left out; the manifest names it.
    """
    kept = _whole(here, who, incident_id)
    _check(kept)
    if kept.place.manifest is None:
        raise NotFoundError("nothing is copied yet")
    shown, number = _seen_pictures(here, who), _number(kept)
    hidden = {each.name for each in kept.place.manifest.files if not shown(each.camera, each.since)}
    names = [name for name in kept.place.names if name not in hidden]
    whole = _bundle(kept.place, kept.place.manifest, names)
    shown_files = (each for each in kept.place.manifest.files if each.name not in hidden)
    for camera in sorted({each.camera for each in shown_files if each.camera is not None}):
        note(request, Action.EXPORT, kind="incident", id=incident_id, camera=camera, file="evidence.zip")
    headers = {"Content-Disposition": f'attachment; filename="evidence-{number}.zip"', "Cache-Control": "no-store"}
    return ranged(request, whole, "application/zip", headers)


@router.post("/cameras/{camera_id}/recordings/delete", summary="Delete what your camera recorded", status_code=202)
def delete(here: Here, who: Deleter, camera_id: str, body: DeleteBody) -> DeletionView:
    """Both streams of a camera at your home, whole fragments; what is still being written goes when it is closed.

    Refused while evidence of an open incident lies in the span. Who deleted what, when and why stays on record.
    """
    recorded = recorded_at(here, camera_id)
    camera, sites = own_camera(here.revisions.current(), reach_of(here, who).homes, camera_id, recorded_at=recorded)
    since, until = _span(body.since, body.until, longest=LONGEST)
    if until > here.clock.now():
        raise BadRequestError("body.to", "lies ahead; only what was recorded can be deleted")
    seers = any(allows(who, permission) for permission in SEERS)

    def sees(incident: str) -> bool:
        return seers and sight_of(here, who).sees(here.alerts.incident(incident))

    asked = here.evidence.deletions.ask(who, camera, since, until, reason=body.reason, sites=sites, sees=sees)
    return _deletion(asked)


@router.get("/cameras/{camera_id}/recordings/deletions", summary="What was deleted")
def deletions(
    *, here: Here, who: Looker, camera_id: str, cursor: Cursor = None, limit: Limit = 100
) -> Page[DeletionView]:
    """Who deleted which spans of a camera, the newest step first; also of one that was moved or is there no more.

    For the room all of it, for a resident what was deleted of recordings of the own home.
    """
    # With whom a camera is shared sees what it records from then on, and not what its household did before.
    sites, before = reached_pictures(here, who).sites(camera_id, _BEFORE_ALL), decode_number(cursor)
    found = here.evidence.deletions.of(camera_id, limit=limit + 1, sites=sites, before=before)
    if not found and before is None:
        recorded_camera(here, who, camera_id)
    following = encode(str(found[limit - 1][0])) if len(found) > limit else None
    return Page(items=[_deletion(each) for _, each in found[:limit]], next=following)


def _kept(here: Parts, who: Principal, incident_id: str) -> Kept:
    """The evidence of an incident that somebody may work on.

    Raises:
        NotFoundError: There is no such incident, it is not for him, or there is no evidence of it.
    """
    found = seen(here, who, incident_id, to_look=True)
    kept = here.evidence.kept.of(found.id)
    if kept is None:
        raise NotFoundError(f"no evidence of incident {found.number}")
    return kept


def _whole(here: Parts, who: Principal, incident_id: str) -> Kept:
    """The same for who may see all of it, as it is signed.

    Raises:
        NotFoundError: As for none, or some of it shows cameras that are not for him.
    """
    kept = _kept(here, who, incident_id)
    sees, manifest = _seen_cameras(here, who), kept.place.manifest
    if manifest is not None and not all(sees(each.camera) for each in manifest.files):
        raise NotFoundError(f"no evidence of all of incident {here.alerts.incident(incident_id).number}")
    return kept


def _seen_cameras(here: Parts, who: Principal) -> Callable[[str | None], bool]:
    """Whether somebody may see what is kept of a camera in evidence of an incident that is for him."""
    if not allows(who, Permission.VIEW_PICTURES):
        return lambda _camera: True  # who was sent there
    reach = reach_of(here, who)
    return lambda camera: reach.allows(Permission.VIEW_PICTURES, camera=camera)


def _seen_pictures(here: Parts, who: Principal) -> Callable[[str | None, datetime | None], bool]:
    """The same for what was taken at a moment, as far as its household agreed to it."""
    sees, agreed = _seen_cameras(here, who), Agreed(here, who)

    return lambda camera, moment: sees(camera) and agreed.shows(camera, None, moment or _BEFORE_ALL)


def _file(kept: Kept, name: str) -> FileResponse:
    _check(kept)
    path = kept.place.file(name) if name in kept.place.names else None
    if path is None:
        raise NotFoundError(f"no such file in the evidence of incident {kept.case.incident}")
    kind = _MEDIA.get(path.suffix, "application/octet-stream")
    return FileResponse(path, media_type=kind, filename=path.name, content_disposition_type="attachment")


def _check(kept: Kept) -> None:
    """Say why nothing of it can be had.

    Raises:
        MediaGoneError: Its newest manifest cannot be relied on.
    """
    if kept.place.problem:
        raise MediaGoneError(f"the evidence of incident {kept.case.incident} stands still: {kept.place.problem}")


def _span(since: datetime, until: datetime, *, longest: timedelta) -> tuple[datetime, datetime]:
    for name, moment in (("from", since), ("to", until)):
        if moment.tzinfo is None:
            raise BadRequestError(f"body.{name}", "give the time zone, as 2026-03-01T08:00:00+08:00 or ...Z")
    if until <= since:
        raise BadRequestError("body.to", "is not later than `from`")
    if until - since > longest:
        raise BadRequestError("body.to", f"is more than {longest} later than `from`; ask for shorter spans")
    return since, until


def _bundle(place: Place, manifest: Manifest, names: list[str]) -> Bundle:
    """All files, the newest manifest first."""
    crcs = {each.name: each.about.get("crc32") for each in manifest.files}
    head = f"incident-{manifest.incident.get('number', manifest.incident.get('id', ''))}"
    try:
        files = []
        for name in names:
            path = place.file(name)
            if path is None:
                raise MediaGoneError(f"a file of evidence is not there any more: {name}")
            files.append(Packed(f"{head}/{name}", path, path.stat().st_size, crcs.get(name)))
        return Bundle(files, made=manifest.made, tag=f"{manifest.fingerprint} {manifest.version} {len(names)}")
    except OSError as error:
        raise MediaGoneError(f"a file of evidence cannot be read: {error.strerror}") from error


def _number(kept: Kept) -> str:
    manifest = kept.place.manifest
    return str(manifest.incident.get("number", "")) if manifest is not None else ""


def _view(here: Parts, who: Principal, kept: Kept) -> EvidenceView:
    case, manifest, sees = kept.case, kept.place.manifest, _seen_cameras(here, who)
    agreed = _seen_pictures(here, who)
    address = f"/api/v1/incidents/{case.incident}/evidence"
    there = manifest.files if manifest is not None and case.deleted is None else ()
    files = [each for each in there if agreed(each.camera, each.since)]
    whole = all(sees(each.camera) for each in there)
    return EvidenceView(
        incident=case.incident,
        version=case.version if kept.place.problem else kept.place.version,
        problem=kept.place.problem or None,
        made=None if manifest is None else manifest.made,
        size_bytes=sum(each.size_bytes for each in files),
        key=here.evidence.kept.key.fingerprint if manifest is None else manifest.fingerprint,
        manifest=None if manifest is None or not whole else f"{address}/files/{name_of(manifest.version)}",
        download=None if manifest is None or not whole else f"{address}.zip",
        files=[
            EvidenceFileView(
                name=each.name,
                kind="clip" if each.kind == "clip" else "still",
                camera=each.camera,
                start=each.since,
                end=each.until,
                size_bytes=each.size_bytes,
                sha256=each.sha256,
                about=dict(each.about),
                href=f"{address}/files/{each.name}",
            )
            for each in files
        ],
        gaps=[_absence(each) for each in (manifest.gaps if manifest is not None else ()) if sees(each.camera)],
        left_out=[_absence(each) for each in (manifest.left_out if manifest is not None else ()) if sees(each.camera)],
        wanted=[
            EvidenceWantedView(
                number=each.number,
                camera=each.camera,
                start=each.since,
                end=each.until,
                who=each.who,
                why=each.why,
                state=each.state,
                reason=each.reason,
            )
            for each in kept.wanted
            if sees(each.camera)
        ],
        released=case.released,
        released_by=case.released_by,
        released_why=case.released_why,
        delete_after=case.delete_after,
        deleted=case.deleted,
    )


def _absence(each: Absence) -> EvidenceAbsenceView:
    return EvidenceAbsenceView(camera=each.camera, start=each.since, end=each.until, because=each.because)


def _deletion(each: Deletion) -> DeletionView:
    return DeletionView(
        id=each.deletion,
        step=each.step,
        at=each.at,
        camera=each.camera,
        site=each.site,
        start=each.since,
        end=each.until,
        who=each.who,
        role=each.role,
        reason=each.reason,
        segments=each.segments,
        size_bytes=each.size_bytes,
    )
