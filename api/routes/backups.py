"""Backups: those that are there, one made now, and one fetched; for administrators of all of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from api.access.auth import needs
from api.access.reaching import everywhere
from api.backup.sealing import BackupError
from api.errors import BadRequestError
from api.parts import Here
from hub.access import Permission, Principal
from hub.errors import NotFoundError

router = APIRouter(prefix="/api/v1", tags=["backups"])


class BackupView(BaseModel):
    """A backup."""

    name: str = Field(examples=["hub-20261122T120000Z.hubbackup"])
    made: datetime
    size_bytes: int
    encrypted: bool


class BackupsAnswer(BaseModel):
    """What there is."""

    items: list[BackupView]
    every_h: float | None = Field(description="Hours between two; null makes none.")
    warnings: list[str]


def _keeper(here: Here, who: Annotated[Principal, Depends(needs(Permission.KEEP_BACKUPS))]) -> Principal:
    """Who may keep backups of all of it."""
    everywhere(here, who, Permission.KEEP_BACKUPS)
    return who


Keeper = Annotated[Principal, Depends(_keeper)]


@router.get("/backups", summary="Backups, newest first")
def backups(here: Here, _who: Keeper) -> BackupsAnswer:
    """Those in the folder of backups, and whether they are as they should be."""
    kept = here.hardening.backups
    items = [
        BackupView(name=one.name, made=one.made, size_bytes=one.size_bytes, encrypted=one.encrypted)
        for one in kept.list()
    ]
    return BackupsAnswer(items=items, every_h=here.hardening.every_h, warnings=list(kept.warnings()))


@router.post("/backups", status_code=201, summary="Make one now")
def make(here: Here, _who: Keeper) -> BackupView:
    """As the settings say: encrypted with their passphrase; 409 while another one is made."""
    try:
        made = here.hardening.backups.make()
    except BackupError as error:
        raise BadRequestError("backup", str(error)) from error
    return BackupView(name=made.path.name, made=made.made, size_bytes=made.size_bytes, encrypted=made.encrypted)


@router.get("/backups/{backup}", summary="Fetch one", response_class=FileResponse)
def fetch(here: Here, backup: str, _who: Keeper) -> FileResponse:
    """The file, as it lies in the folder; one that is not encrypted is not given out."""
    path = here.hardening.backups.path_of(backup)
    known = next((one for one in here.hardening.backups.list() if one.name == backup), None)
    if path is None or known is None or not known.encrypted:
        raise NotFoundError(f"there is no encrypted backup {backup!r}")
    return FileResponse(
        path, media_type="application/octet-stream", filename=backup, headers={"Cache-Control": "no-store"}
    )
