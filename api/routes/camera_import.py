"""Many cameras at once: a sheet of them becomes one revision; and what one camera takes over from another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.exceptions import HTTPException

from api.access.auditing import note
from api.access.auth import needs
from api.access.limits import Kind
from api.access.reaching import reached_camera
from api.errors import BadRequestError
from api.onboarding import importing
from api.onboarding.attending import attended
from api.onboarding.camera_columns import camera_template
from api.onboarding.copying import OF_ITS_VIEW, copied
from api.onboarding.importing import Import, Trial
from api.parts import Here
from api.schemas.places import Text
from api.schemas.setting_up import CopyBody, CopyView, ImportView, MistakeView, PlannedView, SaidView, TrialView
from config.community import Community
from hub.access import Permission, Principal
from hub.audit import Action
from hub.errors import NotFoundError

router = APIRouter(prefix="/api/v1", tags=["setting up"])
Integrator = Annotated[Principal, Depends(needs(Permission.ADD_DEVICES))]

_SHEET: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}}}
}
DryRun = Annotated[bool, Query(description="Only say what would be done.")]
ProbeFirst = Annotated[
    bool,
    Query(description="Try every camera before, and save nothing when one that was tried does not answer."),
]


@router.get(
    "/cameras/import/template.csv",
    summary="A sheet of cameras to fill in",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}}},
)
def camera_sheet_template(_who: Integrator, language: Literal["zh", "en"] = "zh") -> Response:
    """Two lines as examples; spreadsheet programs open it as it is."""
    return Response(
        camera_template(chinese=language == "zh"),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="cameras.csv"'},
    )


@router.post("/cameras/import", summary="Add and change cameras by a sheet", openapi_extra=_SHEET)
async def import_cameras(
    *, here: Here, who: Integrator, request: Request, dry_run: DryRun = False, probe: ProbeFirst = False
) -> ImportView:
    """One revision with all of it, or nothing: 422 names every mistake by its line and column.

    The sheet is CSV in UTF-8, UTF-16 or GB 18030, separated by commas, semicolons or tabs, its columns named in English
    or Chinese. A camera that is there is changed where its line says something, and left alone where it does not.

    With `probe=true` there is one import at a time (409), of five minutes: lines that were not reached within are left
    out, and said in `trials` with `tried: false`; send the sheet again for them.
    """
    data = await sheet_of(request)
    if probe:
        here.people.limits.take(Kind.PROBE, who.id)
    did = "import, dry run" if dry_run else "import"
    note(request, Action.SETTING_UP, kind="camera", id="", did=did, bytes=len(data), probe=probe)

    def work(is_gone: Callable[[], bool]) -> Import:
        return importing.import_cameras(here, who, data, dry_run=dry_run, probe=probe, is_gone=is_gone)

    made = await (here.onboarding.imports.attended(request, work) if probe else attended(request, work))
    if made.revision is not None:
        for each in made.plan.changed:
            note(request, Action.SETTING_UP, kind="camera", id=each.camera.id, did=each.what, revision=made.revision)
    return _view(made, dry_run=dry_run)


@router.post("/cameras/{camera_id}/copy", summary="Take settings over from another camera")
def copy(*, here: Here, who: Integrator, request: Request, camera_id: str, body: CopyBody) -> CopyView:
    """Detectors, recording, behaviours; zones, lines and ground only when they are named. Never address or password."""
    reached_camera(here, who, Permission.ADD_DEVICES, camera_id)
    reached_camera(here, who, Permission.VIEW_CAMERAS, body.from_)
    if body.from_ == camera_id:
        raise BadRequestError("body.from", "name another camera")
    what = tuple(dict.fromkeys(body.what))
    changed: list[str] = []

    def edit(community: Community) -> Community:
        before, source = community.camera(camera_id), community.camera(body.from_)
        if before is None or source is None:
            raise NotFoundError(f"no camera {camera_id if before is None else body.from_!r}")
        after = copied(before, source, what)
        changed.extend(part.value for part in what if getattr(before, part) != getattr(after, part))
        cameras = tuple(after if each is before else each for each in community.cameras)
        return community.model_copy(update={"cameras": cameras})

    words = ", ".join(what)
    here.revisions.change(edit, author=who.name, reason=f"camera {camera_id}: {words} as of {body.from_}")
    note(request, Action.SETTING_UP, kind="camera", id=camera_id, did="copy", source=body.from_, what=list(what))
    drawn = sorted(part.value for part in OF_ITS_VIEW.intersection(what))
    warning = Text(
        zh=f"{'、'.join(drawn)} 是按另一台摄像机的画面画的；请在画面上核对并重新画",
        en=f"{', '.join(drawn)} were drawn for the view of another camera; look at them in the picture and draw anew",
    )
    return CopyView(id=camera_id, changed=changed, warnings=[warning] if drawn else [])


async def sheet_of(request: Request) -> bytes:
    """The body of a request that has to be a sheet; its size is bounded before any route sees it."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("text/csv", "application/csv", "application/vnd.ms-excel"):
        raise HTTPException(415)
    return await request.body()


def _view(made: Import, *, dry_run: bool) -> ImportView:
    planned = made.plan.planned
    counts = {word: sum(each.what == word for each in planned) for word in ("add", "change", "leave")}
    return ImportView(
        dry_run=dry_run,
        revision=made.revision,
        adds=counts["add"],
        changes=counts["change"],
        leaves=counts["leave"],
        lines=[
            PlannedView(line=each.line, id=each.camera.id, what=each.what, changes=list(each.changes))
            for each in planned
        ],
        mistakes=[MistakeView.of(each) for each in made.plan.mistakes],
        trials=[_trial(each) for each in made.trials],
    )


def _trial(trial: Trial) -> TrialView:
    made = TrialView(
        line=trial.line,
        id=trial.id,
        answers=trial.problem is None,
        tried=trial.tried,
        problem=None if trial.problem is None else SaidView.of(trial.problem),
    )
    if trial.channel is not None:
        main = trial.channel.main
        made.codec, made.width, made.height = main.codec, main.width, main.height
        made.fps = main.measured_fps or main.announced_fps
        made.fits = trial.channel.fits
        made.advice = [SaidView.of(each) for each in trial.channel.advice]
    return made
