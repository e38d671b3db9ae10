"""`hub payloads`: payload formats that are written as data, tried on their own samples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from config.errors import ConfigurationError, Mistake
from config.says import in_english
from hub.plugins import load_plugins
from hub.sensors.formats import PACKAGE
from hub.sensors.maps.folder import SHIPPED, Ran, map_files, read_maps, run_samples

app = typer.Typer(no_args_is_help=True, help="Maps of payload formats, tried out without a hub.")

Form = Annotated[Literal["json", "text"], typer.Option("--format", help="For a program, or for people.")]


@app.callback()
def group() -> None:
    """Maps of payload formats, tried out without a hub."""


@app.command("test", epilog="Example: hub payloads test payloads/")
def run_tests(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Map files; without it the shipped.")] = SHIPPED,
    form: Form = "text",
) -> None:
    """Run the samples in the maps; exit 1 when one comes out otherwise than it says."""
    maps = read_maps(_files(folder), taken=load_plugins(PACKAGE))
    done = [ran for one in maps.values() if one.file.parent == folder for ran in run_samples(one)]
    failed = sum(bool(ran.wrong) for ran in done)
    if form == "json":
        tests = [{"format": ran.map.spec.format, "name": _name(ran), "wrong": ran.wrong} for ran in done]
        typer.echo(json.dumps({"tests": tests, "passed": len(done) - failed, "failed": failed}, ensure_ascii=False))
    else:
        for ran in done:
            typer.echo(f"{'FAILED' if ran.wrong else 'ok':6} {ran.map.spec.format}: {_name(ran)}")
            for wrong in ran.wrong:
                typer.echo(f"       {wrong}")
        typer.echo(
            f"{len(done) - failed} of {len(done)} samples passed, {len({ran.map.spec.format for ran in done})} maps"
        )
    raise typer.Exit(1 if failed else 0)


def _files(folder: Path) -> list[Path]:
    """The maps of a folder beside the shipped ones, among which they must find their place."""
    files = list(map_files(folder))
    if not files:
        raise ConfigurationError((Mistake(folder, "", in_english("holds no maps (*.yaml)")),))
    shipped = () if folder.resolve() == SHIPPED else map_files(SHIPPED)
    return [*shipped, *files]


def _name(ran: Ran) -> str:
    sample = ran.map.spec.samples[ran.number]
    return sample.name or f"{sample.topic} [{ran.number}]"
