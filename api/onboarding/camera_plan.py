"""Camera plan: what a sheet of cameras would add, change and leave alone in a Community, or all that is wrong in it.

Nothing is saved here. What somebody may not see leaves no trace: a site out of his reach is in the words of one that is
not there, and of a camera out of his reach he learns only that its id is taken, for ids are one for all. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from api.onboarding.camera_rows import CameraRow, FoundStreams, read_row
from api.onboarding.copying import ANYWHERE, copied
from api.onboarding.guessing import Guessing
from api.onboarding.sheets import Says, Sheet, SheetMistake
from config.community import Camera, Community, Site, Stream
from config.errors import Mistake
from config.load import check_community

Check = Callable[[Community], tuple[Mistake, ...]]
Word = Literal["add", "change", "leave"]

_OF_CAMERA = re.compile(r"cameras\[(\d+)\]\.?(.*)")
_COLUMNS = {"main": "url", "sub": "sub_url", "location": "lat"}
"""Columns that are not called as the part of the camera that they say."""


@dataclass(frozen=True, slots=True)
class Reachable:
    """Where somebody may set cameras up, and which he knows of.

    Attributes:
        site: Whether he may set cameras up at a site.
        camera: Whether he may change a camera.
        knows: Whether he may know that a camera is there.
    """

    site: Callable[[str], bool]
    camera: Callable[[Camera], bool]
    knows: Callable[[Camera], bool]


@dataclass(frozen=True, slots=True)
class Planned:
    """What would become of one line.

    Attributes:
        line: Of the sheet.
        what: Add, change, or leave alone.
        camera: As it would be.
        changes: What of a camera that is there would change, by the names of its parts.
    """

    line: int
    what: Word
    camera: Camera
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unasked:
    """A line that gives a host alone: its camera has to be asked for its streams."""

    line: int
    host: str
    row: CameraRow


@dataclass(frozen=True, slots=True)
class CameraPlan:
    """What a sheet would do.

    Attributes:
        planned: Every line that can be used, in their order.
        mistakes: All that is wrong; nothing is done while there is any.
        unasked: Lines that wait for what their camera says.
    """

    planned: tuple[Planned, ...]
    mistakes: tuple[SheetMistake, ...]
    unasked: tuple[Unasked, ...] = ()

    @property
    def changed(self) -> tuple[Planned, ...]:
        """What would be saved."""
        return tuple(each for each in self.planned if each.what != "leave")

    def applied(self, community: Community) -> Community:
        """The Community with all of it."""
        return _applied(community, self.changed)


def plan_cameras(
    sheet: Sheet,
    community: Community,
    reachable: Reachable,
    *,
    check: Check = check_community,
    found: Mapping[int, FoundStreams] | None = None,
    may_ask: bool = False,
) -> CameraPlan:
    """Work out what a sheet would do.

    Args:
        sheet: As it was read.
        community: In force.
        reachable: Of whoever sends it.
        check: Finds what is wrong in the Community as it would be.
        found: What cameras that were asked by their host said, by line.
        may_ask: Lines with a host alone are asked next, and are no mistake yet.
    """
    found = found or {}
    there = {camera.id: camera for camera in community.cameras}
    mistakes = list(sheet.mistakes)
    rows: list[CameraRow] = []
    sites = {site.id: site for site in community.sites}
    mine = Guessing(site for site in sites if reachable.site(site))
    for each in sheet.rows:
        before = there.get(each.cells.get("id", ""))
        known = before if before is not None and reachable.camera(before) else None
        row = read_row(each, before=known, classes=community.recording.classes, found=found.get(each.line))
        if before is not None and known is None:
            row.wrong("id", "这个编号已被占用；请换一个", "this id is taken; write another")
        _place(row, sites, mine, known)
        rows.append(row)
    _twice(rows)
    unasked = tuple(Unasked(row.line, row.host, row) for row in rows if row.host is not None and not row.mistakes)
    if not may_ask:
        for one in unasked:
            one.row.wrong(
                "url",
                "只有主机：请加 ?probe=true，或写主码流地址",
                "there is a host alone: ask with ?probe=true, or write the address of its stream",
            )
    good = [row for row in rows if not row.mistakes and row.host is None]
    made = {row.id: _camera(row, there.get(row.id)) for row in good}
    planned = [_planned(row, there.get(row.id), made=made, community=community, reachable=reachable) for row in good]
    for row in rows:
        mistakes += row.mistakes
    _same_address(planned, community, reachable, mistakes)
    if not mistakes:
        mistakes += _rest(planned, community, check)
    return CameraPlan(
        tuple(planned), tuple(sorted(mistakes, key=lambda mistake: mistake.line)), unasked if may_ask else ()
    )


def _place(row: CameraRow, sites: Mapping[str, Site], mine: Guessing, before: Camera | None) -> None:
    site_id = row.site or (None if before is None else before.site)
    if site_id is None:
        return
    site = sites.get(site_id)
    if site is None or site_id not in mine.known:
        near = mine.near(site_id)
        row.wrong(
            "site",
            f"没有这个场所{f'；请写 {near}' if near else ''}",
            f"there is no such site; write {near or 'the id of one'}",
        )
    elif row.area is not None and row.area != site.area:
        row.wrong(
            "area", "场所不在这个网格里；请改正或留空", "the site is not in this area; correct it, or leave it empty"
        )


def _twice(rows: Sequence[CameraRow]) -> None:
    first: dict[str, int] = {}
    for row in rows:
        if row.id and first.setdefault(row.id, row.line) != row.line:
            line = first[row.id]
            row.wrong("id", f"与第 {line} 行的编号相同", f"stands twice, first in line {line}; write another")


def _camera(row: CameraRow, before: Camera | None) -> Camera:
    parts = dict(row.parts)
    if row.site is not None:
        parts["site"] = row.site
    return Camera(id=row.id, **parts) if before is None else before.model_copy(update=parts)


def _planned(
    row: CameraRow, before: Camera | None, *, made: Mapping[str, Camera], community: Community, reachable: Reachable
) -> Planned:
    camera = made[row.id]
    if row.copy_from is not None:
        source = made.get(row.copy_from) or community.camera(row.copy_from)
        if source is None or source.id == row.id or not (source.id in made or reachable.knows(source)):
            row.wrong("copy_from", "没有这台摄像机可参照", "there is no other camera of this id to copy from")
        else:
            camera = copied(camera, source, [part for part in ANYWHERE if part.value not in row.parts])
    if before is None:
        return Planned(row.line, "add", camera)
    changes = _changes(before, camera)
    return Planned(row.line, "change" if changes else "leave", camera, changes)


def _changes(before: Camera, after: Camera) -> tuple[str, ...]:
    return tuple(name for name in Camera.model_fields if getattr(before, name) != getattr(after, name))


def _same_address(
    planned: Sequence[Planned], community: Community, reachable: Reachable, mistakes: list[SheetMistake]
) -> None:
    """One stream is one camera: two with the same address are one that was written twice."""
    mine = {each.camera.id for each in planned}
    owners: dict[tuple[object, ...], str] = {}
    for camera in community.cameras:
        if camera.id not in mine and reachable.knows(camera):
            owners.setdefault(address_of(camera.main), camera.id)
    for each in planned:
        if each.what == "leave" or (each.what == "change" and "main" not in each.changes):
            owners.setdefault(address_of(each.camera.main), each.camera.id)
            continue
        owner = owners.setdefault(address_of(each.camera.main), each.camera.id)
        if owner != each.camera.id:
            says = Says(f"摄像机 {owner} 已是这个地址", f"the camera {owner!r} has this address already")
            mistakes.append(SheetMistake(each.line, "url", says))


def address_of(stream: Stream) -> tuple[object, ...]:
    """What two streams have in common that are one and the same."""
    parts = urlsplit(stream.url)
    usual = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}.get(parts.scheme)
    try:
        port = parts.port or usual
    except ValueError:
        port = None
    return parts.hostname, port, parts.path.rstrip("/"), parts.query


def _rest(planned: Sequence[Planned], community: Community, check: Check) -> list[SheetMistake]:
    """What the checks of the whole Community say beyond the cells."""
    changed = [each for each in planned if each.what != "leave"]
    after = _applied(community, changed)
    lines = {each.camera.id: each.line for each in changed}
    found: list[SheetMistake] = []
    for mistake in check(after):
        match = _OF_CAMERA.match(mistake.path)
        camera = None if match is None else after.cameras[int(match[1])]
        if match is None or camera is None or camera.id not in lines:
            continue  # it was so before, and is not of this sheet
        part = re.split(r"[.\[]", match[2])[0]
        says = Says(mistake.message_zh, mistake.message)
        found.append(SheetMistake(lines[camera.id], _COLUMNS.get(part, part), says))
    return found


def _applied(community: Community, changed: Sequence[Planned]) -> Community:
    after: dict[str, Any] = {camera.id: camera for camera in community.cameras}
    for each in changed:
        after[each.camera.id] = each.camera
    return community.model_copy(update={"cameras": tuple(after.values())})
