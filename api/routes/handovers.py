"""Hand-overs: what a shift of the room writes for the next one, which confirms that it has read it.

The figures of the same shift are `GET /figures/shift`. A note may be written as long as anybody likes; every version of
it is kept, and a new one has to be confirmed anew, by somebody who did not write it.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Path

from api.access.auth import needs
from api.errors import BadRequestError
from api.parts import Here, Parts
from api.schemas.handovers import HandoverView, NoteBody, SeenBody
from hub.access import Permission, Principal
from hub.store.handovers import Handover

router = APIRouter(prefix="/api/v1", tags=["figures"])
Viewer = Annotated[Principal, Depends(needs(Permission.VIEW_FIGURES))]
Writer = Annotated[Principal, Depends(needs(Permission.VIEW_FIGURES, Permission.HANDLE_INCIDENTS))]
Day = Annotated[date, Path(description="On which the shift began, where the community is.")]
Shift = Annotated[str, Path(max_length=40, description="Its name.")]


@router.get("/handovers/{date}/{shift}", summary="What a shift hands over")
def handover(here: Here, _who: Viewer, date: Day, shift: Shift) -> HandoverView:
    """The note for the next shift, and who confirmed it. `version` 0: nobody wrote one."""
    return _view(here.handovers.of(date, _known(here, shift)))


@router.put("/handovers/{date}/{shift}", summary="Write to the next shift")
def write(*, here: Here, who: Writer, date: Day, shift: Shift, body: NoteBody) -> HandoverView:
    """In place of the version that was read; 409 where somebody else wrote meanwhile."""
    name = _known(here, shift)
    return _view(here.handovers.write(date, name, who.name, note=body.note.strip(), seen=body.seen))


@router.post("/handovers/{date}/{shift}/confirm", summary="Take over from a shift")
def confirm(*, here: Here, who: Writer, date: Day, shift: Shift, body: SeenBody) -> HandoverView:
    """Say that you have read it, whoever wrote it but yourself. 409 where it was changed meanwhile."""
    return _view(here.handovers.confirm(date, _known(here, shift), who.name, seen=body.seen))


def _known(here: Parts, shift: str) -> str:
    shifts = [each.name for each in here.revisions.current().shifts]
    if shift not in shifts:
        raise BadRequestError("path.shift", f"there is no such shift; known are {', '.join(shifts)}")
    return shift


def _view(found: Handover) -> HandoverView:
    return HandoverView.model_validate(asdict(found))
