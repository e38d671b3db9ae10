"""`hub recordings export`: a span of a camera as an MP4 file, without the hub's help and without its harm.

The database is only read, and files that it does not know of, because a worker recorded them while no hub ran, are
found where they lie. What is written has another name until it is whole.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from api.commands import blurring
from api.history import moment_of
from api.recordings.evidence_words import software_version
from api.storage import database_of
from cameras.errors import DamagedFileError, FormatChangesError, MediaGoneError, NothingRecordedError
from cameras.recordings.evidence.sealing import seal_clip
from cameras.recordings.evidence.signing import key_of
from cameras.recordings.keeping.catalog import Catalog
from cameras.recordings.media import Segment, StreamName
from cameras.recordings.mp4.index import read_segment
from cameras.recordings.playback.clips import Clip, clip_of
from config.errors import ConfigurationError, Mistake
from config.load import load_machine
from config.machine import Disk
from config.says import in_english
from hub.clock import SystemClock
from hub.errors import HubError
from hub.events import time_to_text
from hub.store.revisions import Revisions

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_LONGEST = timedelta(hours=2)
"""No file is longer: an hour can be set, until the next key picture."""
_MIB = 1 << 20


def export(
    *,
    camera: Annotated[str, typer.Argument(metavar="CAMERA", help="Id of the camera.")],
    since: Annotated[str, typer.Option("--from", metavar="TIME", help="With its zone.")],
    until: Annotated[str, typer.Option("--to", metavar="TIME", help="Not included.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="What is written.")],
    stream: Annotated[StreamName, typer.Option("--stream", help="Which of its streams.")] = StreamName.MAIN,
    blur: Annotated[
        str | None,
        typer.Option("--blur", metavar="WHAT", help="Cover faces, plates, windows (with commas); writes a copy anew."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    machine: Annotated[
        Path | None, typer.Option("--machine", metavar="F", help="machine.yaml; without it the defaults.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="Data folder, instead of the file's.")
    ] = None,
) -> None:
    """Write a clip as MP4, exactly as it was recorded, whether the hub runs or not.

    It begins with the key picture before `--from`; what lies between recordings is left out. Exit 1 when nothing was
    recorded then, or when codec, picture size or sound change: then the spans that can be had are named. With `--blur`
    every picture is written anew, without sound and unsigned: a copy to show around, and no evidence.
    """
    words, output = blurring.asked(blur, output)
    settings = load_machine(machine)
    if data is not None:
        settings = settings.model_copy(update={"data": data})
    start, end = _moment(since, "--from"), _moment(until, "--to")
    if wrong := _mistake(camera, output, start=start, end=end, force=force):
        raise ConfigurationError((wrong,))
    folders = {disk.id: disk.path for disk in settings.recording_disks}
    database = database_of(settings, SystemClock())
    database.look()
    try:
        known = Catalog(database, folders).segments(camera, stream, start, end)
        seen = Revisions(database, SystemClock()).current().camera(camera)
    finally:
        database.stop()
    found = [*known, *_unknown(settings.recording_disks, camera, stream, known, start=start, end=end)]

    def file_of(segment: Segment) -> Path:
        folder = folders.get(segment.disk)
        if folder is None:
            raise MediaGoneError(f"the disk {segment.disk!r} is not in the settings any more")
        return folder / segment.path

    try:
        clip = clip_of(found, file_of, start, end)
        if words is not None:
            write = partial(_write_into, clip)
            blurring.write_covered(write, output, words, models=settings.models_folder, camera=seen)
            return
        _write(clip, output)
    except FormatChangesError as error:
        typer.echo(str(error), err=True)
        for first, last in error.spans:
            typer.echo(f"  --from {time_to_text(first)} --to {time_to_text(last)}", err=True)
        raise typer.Exit(1) from error
    except (DamagedFileError, MediaGoneError, NothingRecordedError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    size = clip.file.size_bytes / _MIB
    typer.echo(f"{output}: {clip.duration_ms / 1000:.1f} s, {size:.1f} MiB")
    for each in clip.taken:
        typer.echo(json.dumps({"at_s": each.at_ms / 1000, "began": time_to_text(each.began)}))
    _seal(clip, output, settings.data, camera=camera, stream=stream)


def _seal(clip: Clip, output: Path, data: Path, *, camera: str, stream: StreamName) -> None:
    """Sign what was written by the hub's key, where there is one."""
    try:
        key = key_of(data, make=False)
    except (HubError, OSError) as error:
        typer.echo(f"look: not signed, so nobody can check it: {error}", err=True)
        return
    now, software = SystemClock().now(), software_version()
    beside, _ = seal_clip(output, clip, key, camera=camera, stream=stream, made=now, software=software)
    typer.echo(f"{beside}: signed by {key.fingerprint}")


def _mistake(camera: str, output: Path, *, start: datetime, end: datetime, force: bool) -> Mistake | None:
    if end <= start:
        return Mistake(None, "--to", in_english("has to lie after `--from`"))
    if not _ID.fullmatch(camera):
        return Mistake(None, "CAMERA", in_english(f"{camera!r} is no id of a camera"))
    if output.exists() and not force:
        return Mistake(None, "--output", in_english(f"{output} is there already; --force writes over it"))
    return None


def _moment(text: str, option: str) -> datetime:
    found = moment_of(text, option)
    assert found is not None
    return found


def _unknown(
    disks: Sequence[Disk],
    camera: str,
    stream: StreamName,
    known: Sequence[Segment],
    *,
    start: datetime,
    end: datetime,
) -> Iterator[Segment]:
    """Segments that lie on the disks and that the catalogue has not heard of."""
    paths = {(segment.disk, segment.path) for segment in known}
    ids = {segment.head.id for segment in known}
    for disk in disks:
        for path in _files(disk.path, f"{camera}/{stream}", start=start - _LONGEST, end=end):
            if (disk.id, path) in paths:
                continue
            try:
                segment = read_segment(disk.path, path, disk=disk.id)
            except (OSError, DamagedFileError):
                continue  # removed meanwhile, or nothing in it can be played
            if segment.head.id not in ids:  # a copy on another disk is one too many
                ids.add(segment.head.id)
                yield segment


def _files(folder: Path, below: str, *, start: datetime, end: datetime) -> Iterator[str]:
    hours = [start + timedelta(hours=number) for number in range(int((end - start) / timedelta(hours=1)) + 2)]
    for site in sorted(folder.iterdir()) if folder.is_dir() else ():
        for hour in hours:
            place = site / below / f"{hour:%Y-%m-%d}" / f"{hour:%H}"
            for path in sorted(place.glob("*.mp4")):
                yield path.relative_to(folder).as_posix()


def _write(clip: Clip, output: Path) -> None:
    """Write all of it under another name first; nothing is left of one that failed."""
    part = output.with_name(f"{output.name}.part")
    try:
        with part.open("wb") as file:
            _write_into(clip, file)
        part.replace(output)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _write_into(clip: Clip, file: BinaryIO) -> None:
    written = 0
    for piece in clip.file.read():
        file.write(piece)
        written += len(piece)
        if sys.stderr.isatty():
            typer.echo(f"\r{written * 100 // clip.file.size_bytes} % ", nl=False, err=True)
