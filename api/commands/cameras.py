"""`hub cameras`: what an integrator does with a box of cameras, against a running hub or without one.

With `--url` (or `HUB_URL`) a running hub is asked, by an API key from `HUB_API_KEY` or `--key-file`. Without it,
`discover` and `probe` look from this machine, and `list` and `import --dry-run` read community.yaml. Passwords of
cameras are asked for, read from standard input or from `HUB_CAMERA_PASSWORD`, and refused in an argument; none is
ever printed.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from api.commands.hub_client import HubAnswerError, HubClient, client_of
from api.onboarding.camera_columns import CAMERA_COLUMNS, camera_template
from api.onboarding.camera_plan import Reachable, plan_cameras
from api.onboarding.judging import host_of, judged
from api.onboarding.sheets import read_sheet
from cameras.setting_up.asking import ask
from cameras.setting_up.words import Discover, Discovered, Failed, Probe, Probed
from config.errors import ConfigurationError, Mistake
from config.load import load_community, load_machine
from config.says import in_english
from hub.clock import SystemClock

app = typer.Typer(no_args_is_help=True, help="Cameras: find, try, add, import, list.")

PASSWORD_VARIABLE = "HUB_CAMERA_PASSWORD"  # noqa: S105 - the name of a variable

Url = Annotated[str | None, typer.Option("--url", metavar="URL", help="Of a running hub; or HUB_URL.")]
KeyFile = Annotated[Path | None, typer.Option("--key-file", metavar="F", help="Holds the API key; else HUB_API_KEY.")]
CaFile = Annotated[Path | None, typer.Option("--ca-file", metavar="F", help="Certificate of the hub, if its own.")]
CommunityFile = Annotated[Path | None, typer.Option("--community", metavar="F", help="Without a running hub.")]
MachineFile = Annotated[Path | None, typer.Option("--machine", metavar="F", help="For the networks it allows.")]
Form = Annotated[Literal["json", "text"], typer.Option("--format", help="For a program, or for people.")]


@app.callback()
def group() -> None:
    """Cameras: find, try, add, import, list."""


@app.command(epilog="Example: hub cameras discover 192.168.1.0/24")
def discover(
    networks: Annotated[list[str] | None, typer.Argument(metavar="[NETWORK...]", help="Hosts and networks.")] = None,
    *,
    seconds: Annotated[float, typer.Option("--seconds", min=1, max=30, help="How long to listen.")] = 4.0,
    machine: MachineFile = None,
    url: Url = None,
    key_file: KeyFile = None,
    ca_file: CaFile = None,
    form: Form = "text",
) -> None:
    """Look for ONVIF cameras, from the hub or from here."""
    client = client_of(url, key_file, ca_file)
    if client is not None:
        body = {"networks": networks or [], "timeout_s": seconds}
        found = client.ask("POST", "/cameras/discover", body=body)
    else:
        allowed = load_machine(machine).networks.cameras
        answer = ask(Discover(tuple(networks or ()), timeout_s=seconds, allowed=allowed))
        if isinstance(answer, Failed):
            typer.echo(f"{answer.en}\n{answer.zh}", err=True)
            raise typer.Exit(1)
        assert isinstance(answer, Discovered)
        found = {
            "items": [asdict(each) for each in answer.cameras],
            "notes": [asdict(each) for each in answer.notes],
        }
    if form == "json":
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    if problem := found.get("problem"):
        typer.echo(f"{problem['en']}\n{problem['zh']}", err=True)
        raise typer.Exit(1)
    for each in found["items"]:
        known = ", ".join(each.get("cameras", ())) or "new"
        typer.echo(f"{each['host']:24} {each['name']:20.20} {each['model']:20.20} {known}")
    for said in found.get("notes", ()):
        hosts = ", ".join(each["host"] for each in found["items"] if each["endpoint"] == said["detail"])
        typer.echo(f"look: {said['en']} / {said['zh']}: {hosts or said['detail']}", err=True)
    typer.echo(f"{len(found['items'])} found", err=True)


@app.command(epilog="Example: hub cameras probe rtsp://192.168.1.64/main --username hub --format json")
def probe(
    address: Annotated[str, typer.Argument(metavar="URL", help="Of a stream or file; or a host, asked over ONVIF.")],
    *,
    seconds: Annotated[float, typer.Option("--seconds", min=1, max=60, help="How long to watch.")] = 5.0,
    username: Annotated[str | None, typer.Option("--username", metavar="NAME", help="Its user.")] = None,
    machine: MachineFile = None,
    url: Url = None,
    key_file: KeyFile = None,
    ca_file: CaFile = None,
    form: Form = "text",
) -> None:
    """What a stream really sends: codec, size, frame rate, key frames, bit rate; of a host, all its streams."""
    client = client_of(url, key_file, ca_file)
    if client is None and address.startswith("file:"):
        _watch(address, seconds, form)
        return
    _refuse_password(address, "URL")
    password = _password(username)
    if client is not None:
        asked = {"url" if "://" in address else "host": address, "seconds": min(seconds, 20.0)}
        given = {"username": username, "password": password}
        found = client.ask("POST", "/cameras/probe", body=asked | {k: v for k, v in given.items() if v is not None})
    else:
        allowed = load_machine(machine).networks.cameras
        problem, found = _asked(Probe(address, username, password, seconds, allowed))
        found |= {"answers": problem is None, "problem": problem}
    if form == "json":
        typer.echo(json.dumps(found, ensure_ascii=False))
    else:
        _show_probe(found)
    raise typer.Exit(0 if found["answers"] else 1)


@app.command("list", epilog="Example: hub cameras list --url http://127.0.0.1:8080 --key-file key.txt")
def list_(
    *,
    community: CommunityFile = None,
    url: Url = None,
    key_file: KeyFile = None,
    ca_file: CaFile = None,
    form: Form = "text",
) -> None:
    """The cameras there are, and how each does."""
    client = client_of(url, key_file, ca_file)
    if client is not None:
        items = _all_cameras(client)
    else:
        there = load_community(_needed(community))
        items = [
            {"id": each.id, "site": each.site, "main": {"url": each.main.shown_url}, "status": {"state": "-"}}
            for each in there.cameras
        ]
    if form == "json":
        typer.echo(json.dumps(items, ensure_ascii=False))
        return
    for each in items:
        state = each["status"]
        told = state["state"] if not state.get("reason") else f"{state['state']} ({state['reason']})"
        typer.echo(f"{each['id']:24} {each['site']:20} {told:24} {each['main']['url']}")


@app.command(epilog="Example: hub cameras add gate --site crossing --host 192.168.1.64 --username hub --url http://...")
def add(
    camera: Annotated[str, typer.Argument(metavar="ID", help="Of the new camera.")],
    *,
    site: Annotated[str, typer.Option("--site", metavar="ID", help="Where it stands.")],
    stream: Annotated[str | None, typer.Option("--stream", metavar="URL", help="Of its stream; or --host.")] = None,
    host: Annotated[str | None, typer.Option("--host", metavar="HOST", help="Asked over ONVIF.")] = None,
    username: Annotated[str | None, typer.Option("--username", metavar="NAME", help="Its user.")] = None,
    same_address: Annotated[
        bool, typer.Option("--same-address", help="Although another camera has its address already.")
    ] = False,
    url: Url = None,
    key_file: KeyFile = None,
    ca_file: CaFile = None,
) -> None:
    """Try a camera, and add it to a running hub when it answers."""
    client = client_of(url, key_file, ca_file)
    if client is None:
        raise ConfigurationError(
            (Mistake(None, "--url", in_english("missing; without a hub, write it into community.yaml")),)
        )
    _refuse_password(stream or host or "", "--stream")
    password = _password(username)
    about = {"url": stream} if stream else {"host": host}
    if stream is None and host is None:
        raise ConfigurationError((Mistake(None, "--host", in_english("missing; write --host or --stream")),))
    asked = {**about, "username": username, "password": password, "id": camera, "site": site}
    found = client.ask("POST", "/cameras/probe", body={key: value for key, value in asked.items() if value is not None})
    if not found["answers"]:
        typer.echo(f"{found['problem']['en']}\n{found['problem']['zh']}", err=True)
        raise typer.Exit(1)
    for elsewhere in found.get("elsewhere", ()):
        typer.echo(f"look: {elsewhere} is at another host: it is added without user and password", err=True)
    asked_host = host_of(str(about["url"] if stream else host))
    for body in found["cameras"]:
        for part in ("main", "sub", "onvif"):
            # What a camera names may lead anywhere; the password is for the host that it was typed for.
            if part in body and password is not None and host_of(body[part]["url"]) == asked_host:
                body[part]["password"] = password
        made = client.ask("POST", "/cameras", body=body, params={"same_address": "true"} if same_address else None)
        typer.echo(f"{made['id']} added: {made['main']['url']}")
    for channel in found["channels"]:
        for said in channel["advice"]:
            typer.echo(f"look: {said['en']}\n      {said['zh']}")


@app.command("import", epilog="Example: hub cameras import cameras.csv --dry-run --community community.yaml")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV; `--template` writes one to begin with.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    probe: Annotated[bool, typer.Option("--probe", help="Try every camera first.")] = False,
    template: Annotated[bool, typer.Option("--template", help="Write an example to FILE and end.")] = False,
    language: Annotated[Literal["zh", "en"], typer.Option("--language", help="Of the template.")] = "zh",
    community: CommunityFile = None,
    url: Url = None,
    key_file: KeyFile = None,
    ca_file: CaFile = None,
    form: Form = "text",
) -> None:
    """Add and change many cameras by a sheet: one revision, or nothing."""
    if template:
        if file.exists():
            raise ConfigurationError((Mistake(file, "", in_english("is there already; name another file")),))
        file.write_bytes(camera_template(chinese=language == "zh"))
        return
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ConfigurationError((Mistake(file, "", in_english(f"cannot be read: {error.strerror}")),)) from None
    client = client_of(url, key_file, ca_file)
    if client is not None:
        made = _imported(client, data, dry_run=dry_run, probe=probe)
    elif dry_run and not probe:
        made = _planned(data, _needed(community))
    else:
        raise ConfigurationError(
            (Mistake(None, "--url", in_english("missing; without a hub there is --dry-run alone")),)
        )
    if form == "json":
        typer.echo(json.dumps(made, ensure_ascii=False))
    else:
        _show(made, file)
    failed = made["mistakes"] or any(not each["answers"] for each in made["trials"])
    raise typer.Exit(1 if failed else 0)


def _watch(address: str, seconds: float, form: str) -> None:
    """Watch a file of this machine in this process; whatever is behind a network is watched by a confined one."""
    from api.commands.probing import probe as watch  # noqa: PLC0415 - loads a decoder

    found = asdict(watch(address, seconds=seconds, clock=SystemClock()))
    if form == "json":
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    for name, value in found.items():
        typer.echo(f"{name:14} {'unknown' if value is None else value}")


def _asked(request: Probe) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """What is wrong with a camera, and what it gives."""
    answer = ask(request)
    problem, _ = judged(answer)
    found = asdict(replace(answer, addresses=())) if isinstance(answer, Probed) else {}
    found.pop("addresses", None)  # in full, and never shown
    return None if problem is None else asdict(problem), found


def _show_probe(found: dict[str, Any]) -> None:
    if found["problem"]:
        typer.echo(f"{found['problem']['en']}\n{found['problem']['zh']}", err=True)
    if found.get("device"):
        typer.echo(" ".join(str(found["device"][name]) for name in ("manufacturer", "model", "firmware")))
    for channel in found.get("channels", ()):
        for name in ("main", "sub"):
            stream = channel[name]
            if stream is not None and stream["problem"] is None:
                fps = stream["measured_fps"] or stream["announced_fps"] or 0.0
                size = f"{stream['width']}x{stream['height']}"
                typer.echo(f"{name:5} {stream['codec']:6} {size:10} {fps:5.1f} fps  {stream['url']}")
            elif stream is not None:
                typer.echo(f"{name:5} {stream['problem']['en']} / {stream['problem']['zh']}  {stream['url']}")
        for said in channel["advice"]:
            typer.echo(f"look: {said['en']} / {said['zh']}")
    for said in found.get("notes", ()):
        typer.echo(f"look: {said['en']} / {said['zh']}")


def _imported(client: HubClient, data: bytes, *, dry_run: bool, probe: bool) -> dict[str, Any]:
    params = {"dry_run": str(dry_run).lower(), "probe": str(probe).lower()}
    try:
        made = client.ask("POST", "/cameras/import", params=params, data=data, content_type="text/csv")
    except HubAnswerError as error:
        if not str(error.problem.get("type", "")).endswith(":sheet"):
            raise
        mistakes = [
            {"line": each["line"], "column": each["where"], "says": {"en": each["message"], "zh": each["message_zh"]}}
            for each in error.problem["errors"]
        ]
        return {"adds": 0, "changes": 0, "leaves": 0, "revision": None, "lines": [], "trials": [], "mistakes": mistakes}
    assert isinstance(made, dict)
    return made


def _planned(data: bytes, community: Path) -> dict[str, Any]:
    """What a sheet would do to a file."""
    everywhere = Reachable(lambda _site: True, lambda _camera: True, lambda _camera: True)
    plan = plan_cameras(read_sheet(data, CAMERA_COLUMNS), load_community(community), everywhere)
    counts = {word: sum(each.what == word for each in plan.planned) for word in ("add", "change", "leave")}
    return {
        "adds": counts["add"],
        "changes": counts["change"],
        "leaves": counts["leave"],
        "revision": None,
        "lines": [
            {"line": each.line, "id": each.camera.id, "what": each.what, "changes": list(each.changes)}
            for each in plan.planned
        ],
        "mistakes": [asdict(each) for each in plan.mistakes],
        "trials": [],
    }


def _show(made: dict[str, Any], file: Path) -> None:
    for each in made["mistakes"]:
        column = f" {each['column']}:" if each["column"] else ""
        typer.echo(f"{file}:{each['line']}:{column} {each['says']['en']} / {each['says']['zh']}")
    for each in made["trials"]:
        told = "answers" if each["answers"] else f"{each['problem']['en']} / {each['problem']['zh']}"
        typer.echo(f"{file}:{each['line']}: {each['id']}: {told}")
    for each in made["lines"]:
        if each["what"] != "leave":
            changes = f" ({', '.join(each['changes'])})" if each["changes"] else ""
            typer.echo(f"{each['what']:8} {each['id']}{changes}")
    saved = "nothing saved" if made["revision"] is None else f"revision {made['revision']}"
    typer.echo(f"{made['adds']} to add, {made['changes']} to change, {made['leaves']} as they are: {saved}")


def _all_cameras(client: HubClient) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = client.ask("GET", "/cameras", params={"limit": "500"} | ({} if cursor is None else {"cursor": cursor}))
        items += page["items"]
        cursor = page["next"]
        if cursor is None:
            return items


def _refuse_password(address: str, where: str) -> None:
    """Refuse an address with a password in it.

    Raises:
        ConfigurationError: Whoever is on this machine could read it in the list of processes.
    """
    if ":" in address.partition("://")[2].rpartition("@")[0]:
        raise ConfigurationError(
            (
                Mistake(
                    None,
                    where,
                    in_english(
                        "holds a password, which everybody on this machine sees in the list of processes; "
                        "write --username, and give the password when it is asked for, on standard input, or in "
                        f"{PASSWORD_VARIABLE}"
                    ),
                ),
            )
        )


def _password(username: str | None) -> str | None:
    if PASSWORD_VARIABLE in os.environ:
        return os.environ[PASSWORD_VARIABLE]
    if username is None:
        return None
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n") or None
    password: str = typer.prompt("password of the camera", hide_input=True, err=True)
    return password


def _needed(community: Path | None) -> Path:
    if community is None:
        raise ConfigurationError((Mistake(None, "--url", in_english("missing; name a running hub, or --community F")),))
    return community
