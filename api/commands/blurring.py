"""`--blur` of `hub recordings export`: the clip written anew with faces, plates and private windows covered.

The clip as it was recorded is written beside the copy into a file without a name, which is gone with this process
whatever ends it. Runs in the command's own process, never in the hub.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import typer

from config.community import Camera
from config.errors import ConfigurationError, Mistake
from config.says import in_english

if TYPE_CHECKING:
    from cameras.blurring.copying import What

MARK = "blurred"
"""Stands in the name of every copy."""


def asked(text: str | None, output: Path) -> tuple[tuple[What, ...] | None, Path]:
    """What `faces,plates,windows` names, and the name of the copy, with MARK in it.

    Returns:
        None and the name as it is when nothing was asked for.

    Raises:
        ConfigurationError: It names something else.
    """
    if text is None:
        return None, output
    from cameras.blurring.coverings import WHAT  # noqa: PLC0415 - loads a decoder

    named = {word.strip() for word in text.split(",") if word.strip()}
    if not named or named - set(WHAT):
        wrong = Mistake(None, "--blur", in_english(f"{text!r} does not fit; write one or several of {','.join(WHAT)}"))
        raise ConfigurationError((wrong,))
    copy = output if MARK in output.name else output.with_name(f"{output.stem}.{MARK}{output.suffix}")
    return tuple(word for word in WHAT if word in named), copy


def write_covered(
    write: Callable[[BinaryIO], None], output: Path, words: tuple[What, ...], *, models: Path, camera: Camera | None
) -> None:
    """Write a covered copy, and say what was done.

    Args:
        write: Writes the clip as it was recorded to a file.
        output: The copy.
        words: What is covered.
        models: Folder of the models.
        camera: Whose private zones are covered.

    Raises:
        ModelError: A network is missing.
        DamagedFileError: The clip cannot be decoded to its end.
    """
    from cameras.blurring.copying import copy_covered  # noqa: PLC0415 - loads a decoder
    from cameras.blurring.coverings import covering_of  # noqa: PLC0415 - loads an inference runtime

    covering = covering_of(words, models, camera)
    if "windows" in words and not covering.polygons:
        typer.echo("look: this camera has no zone with the use `private`, so no window is covered", err=True)
        words = tuple(word for word in words if word != "windows")
        covering = replace(covering, words=words)
    part = output.with_name(f"{output.name}.part")
    try:
        with tempfile.TemporaryFile(dir=output.parent) as plain:
            write(plain)
            plain.seek(0)
            copied = copy_covered(plain, part, covering, on_progress=_say_progress)
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)
    found = f"something found in {copied.covered} of {copied.pictures} pictures"
    typer.echo(f"{output}: {copied.duration_s:.1f} s, {', '.join(words) or 'nothing'} covered, {found}")
    typer.echo("look: nobody has checked it, and what was not found is not covered: watch it before you give it away")


def _say_progress(at_s: float) -> None:
    if sys.stderr.isatty():
        typer.echo(f"\r{at_s:.0f} s covered ", nl=False, err=True)
