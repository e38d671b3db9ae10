"""`hub recordings verify` and `key`: whether evidence is as a hub wrote it, on any machine and without a hub."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from cameras.recordings.evidence.signing import KeyFileError, fingerprint_of, key_of, public_of
from cameras.recordings.evidence.verifying import NoEvidenceError, Verdict, Verified
from cameras.recordings.evidence.verifying import verify as verify_path
from config.load import load_machine
from hub.events import time_to_text

_MOST_KEY_BYTES = 4096
_FINGERPRINT = len("SHA256:") + 43

MachineFile = Annotated[
    Path | None, typer.Option("--machine", metavar="F", help="machine.yaml; without it the defaults.")
]
DataFolder = Annotated[Path | None, typer.Option("--data", metavar="DIR", help="Data folder, instead of the file's.")]
Form = Annotated[Literal["json", "text"], typer.Option("--format", help="For a program, or for people.")]


def verify(
    *,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A folder, a .zip, or a clip with its manifest.")],
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="FINGERPRINT|FILE", help="Who must have signed: SHA256:..., or a public key."),
    ] = None,
    manifest: Annotated[
        Path | None, typer.Option("--manifest", metavar="F", help="Of a single clip, where it does not lie beside it.")
    ] = None,
    form: Form = "text",
) -> None:
    """Check every file against the manifest, and the manifest against its signature; needs no hub.

    Exit 1 when anything was changed, is missing, was added, or is signed by another key; 2 when there is no manifest.
    """
    try:
        found = verify_path(path, key=None if key is None else _fingerprint(key), manifest=manifest)
    except NoEvidenceError as error:
        typer.echo(f"hub: {error}", err=True)
        raise typer.Exit(2) from error
    if form == "json":
        _say_json(found)
    else:
        _say_text(found)
    raise typer.Exit(0 if found.is_good else 1)


def show_key(*, machine: MachineFile = None, data: DataFolder = None, form: Form = "text") -> None:
    """The fingerprint of the key by which this hub signs evidence, and the public key for who checks."""
    folder = data or load_machine(machine).data
    held = key_of(folder, make=False)
    if form == "json":
        typer.echo(json.dumps({"fingerprint": held.fingerprint, "public_key": held.pem.decode()}))
    else:
        typer.echo(f"{held.fingerprint}\n{held.pem.decode()}", nl=False)


def _fingerprint(key: str) -> str:
    """What was given as a key, as a fingerprint.

    Raises:
        typer.BadParameter: It is neither.
    """
    if key.startswith("SHA256:"):
        if len(key) != _FINGERPRINT:
            raise typer.BadParameter("a fingerprint is SHA256: and 43 characters", param_hint="--key")
        return key
    try:
        with Path(key).open("rb") as file:
            return fingerprint_of(public_of(file.read(_MOST_KEY_BYTES)))
    except OSError as error:
        raise typer.BadParameter(
            f"{key} is no fingerprint (SHA256:...) and no file: {error.strerror}", param_hint="--key"
        ) from error
    except KeyFileError as error:
        raise typer.BadParameter(f"{key}: {error}", param_hint="--key") from error


def _say_text(found: Verified) -> None:
    for each in found.findings:
        typer.echo(f"{each.verdict:13} {each.name}{f' ({each.detail})' if each.detail else ''}")
    if found.manifest is not None:
        made, number = time_to_text(found.manifest.made), found.manifest.incident.get("number")
        what = "a clip" if number is None else f"incident {number}"
        typer.echo(f"{what}, version {found.manifest.version}, frozen at {made} by {found.manifest.software}")
        for gap in (*found.manifest.gaps, *found.manifest.left_out):
            when = f" {time_to_text(gap.since)} to {time_to_text(gap.until)}" if gap.since and gap.until else ""
            typer.echo(f"not in it: {gap.camera}{when}: {gap.because}")
    if found.fingerprint is not None and not found.compared:
        typer.echo(f"look: compare {found.fingerprint} with what the hub shows, or give it as --key")
    counts = Counter(each.verdict for each in found.findings)
    words = ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in Verdict if counts[verdict])
    typer.echo(f"{'good' if found.is_good else 'NOT good'}: {words}")


def _say_json(found: Verified) -> None:
    for each in found.findings:
        typer.echo(json.dumps({"type": "file", **asdict(each)}, ensure_ascii=False))
    manifest = found.manifest
    summary = {
        "type": "summary",
        "good": found.is_good,
        "key": found.fingerprint,
        "compared": found.compared,
        "incident": None if manifest is None else manifest.incident.get("id"),
        "version": None if manifest is None else manifest.version,
        "made": None if manifest is None else time_to_text(manifest.made),
    }
    typer.echo(json.dumps(summary, ensure_ascii=False))
