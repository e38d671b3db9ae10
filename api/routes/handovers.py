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
from api.parts import Here, Parts
from api.schemas.handovers import HandoverView, NoteBody, SeenBody
from hub.access import Permission, Principal
from hub.errors import NotFoundError
from hub.store.handovers import Handover

router = APIRouter(prefix="/api/v1", tags=["figures"])
Viewer = Annotated[Principal, Depends(needs(Permission.VIEW_FIGURES))]
Writer = Annotated[Principal, Depends(needs(Permission.HANDLE_INCIDENTS))]
_BOTH = [Depends(needs(Permission.VIEW_FIGURES))]
"""Who writes for the next shift also reads what the last one wrote."""
Day = Annotated[str, Path(max_length=40, description="On which the shift began, as 2026-03-01.")]
Shift = Annotated[str, Path(max_length=40, description="Its name.")]


@router.get("/handovers/{day}/{shift}", summary="What a shift hands over")
def handover(here: Here, _who: Viewer, day: Day, shift: Shift) -> HandoverView:
    """The note for the next shift, and who confirmed it. `version` 0: nobody wrote one."""
    return _view(here.handovers.of(*_known(here, day, shift)))


@router.put("/handovers/{day}/{shift}", summary="Write to the next shift", dependencies=_BOTH)
def write(*, here: Here, who: Writer, day: Day, shift: Shift, body: NoteBody) -> HandoverView:
    """In place of the version that was read; 409 where somebody else wrote meanwhile."""
    return _view(here.handovers.write(*_known(here, day, shift), who.name, note=body.note.strip(), seen=body.seen))


@router.post("/handovers/{day}/{shift}/confirm", summary="Take over from a shift", dependencies=_BOTH)
def confirm(*, here: Here, who: Writer, day: Day, shift: Shift, body: SeenBody) -> HandoverView:
    """Say that you have read it, whoever wrote it but yourself. 409 where it was changed meanwhile."""
    return _view(here.handovers.confirm(*_known(here, day, shift), who.name, seen=body.seen))


def _known(here: Parts, day: str, shift: str) -> tuple[date, str]:
    """The day and the shift of an address."""
    try:
        began = date.fromisoformat(day)
    except ValueError:
        raise NotFoundError(f"{day!r} is no day") from None
    if shift not in {each.name for each in here.revisions.current().shifts}:
        raise NotFoundError(f"there is no shift {shift!r}")
    return began, shift


def _view(found: Handover) -> HandoverView:
    return HandoverView.model_validate(asdict(found))
