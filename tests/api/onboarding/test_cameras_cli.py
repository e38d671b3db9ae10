"""`hub cameras` against a running hub, with a key that stands on no command line, and without one on community.yaml."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from api.cli import app
from api.commands import cameras
from cameras.reaching import Problem
from cameras.setting_up.asking import failed
from cameras.setting_up.words import Failed, Probe
from hub.access import Permission, Role
from hub.errors import ConfigurationError, HubError
from tests.api.room import PASSWORD, Room, open_room

SECRET = "planted-s3cret"
SHEET = "编号,场所,主码流地址,密码\nbox-1,crossing,rtsp://10.0.2.41/main," + SECRET + "\n"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    opened = open_room(tmp_path_factory.mktemp("hub") / "data")
    opened.hub.parts.onboarding.setting_up._command = (sys.executable, "-m", "tests.fakes.set_up_program")
    yield opened
    opened.close()


@pytest.fixture
def key(room: Room, tmp_path: Path) -> Path:
    parts = room.hub.parts
    known = {each.username: each for each in parts.accounts.list()}
    account = known.get("box") or parts.accounts.create("box", PASSWORD, Role.INTEGRATOR)
    _, text = parts.people.keys.make(
        account.id,
        "laptop",
        frozenset({Permission.ADD_DEVICES, Permission.VIEW_CAMERAS}),
        cameras=None,
        expires=parts.clock.now() + timedelta(days=1),
    )
    file = tmp_path / "key.txt"
    file.write_text(f"{text}\n")
    return file


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["cameras", *words], prog_name="hub")


def hub(room: Room, key: Path, *words: str) -> Result:
    return run(*words, "--url", room.hub.url, "--key-file", str(key))


def test_a_box_of_cameras_is_found_tried_imported_and_listed(room: Room, key: Path, tmp_path: Path) -> None:
    found = hub(room, key, "discover", "10.0.2.41", "--format", "json")
    assert found.exit_code == 0, found.output
    assert "10.0.2.41" in {each["host"] for each in json.loads(found.stdout)["items"]}
    tried = hub(room, key, "probe", "10.0.2.41")
    assert (tried.exit_code, "1280x720" in tried.stdout) == (0, True)
    bad = hub(room, key, "probe", "rtsp://10.0.2.11/main")
    assert bad.exit_code == 1
    assert "密码" in bad.output
    sheet = tmp_path / "cameras.csv"
    sheet.write_bytes(SHEET.encode("gb18030"))
    dry = hub(room, key, "import", str(sheet), "--dry-run", "--probe")
    assert (dry.exit_code, "nothing saved" in dry.stdout) == (0, True)
    done = hub(room, key, "import", str(sheet))
    assert (done.exit_code, "add      box-1" in done.stdout) == (0, True)
    assert SECRET not in dry.output + done.output
    listed = hub(room, key, "list")
    assert "box-1" in listed.stdout
    assert SECRET not in listed.output


def test_a_camera_is_added_when_it_answers(room: Room, key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_CAMERA_PASSWORD", SECRET)
    done = hub(room, key, "add", "gate", "--site", "crossing", "--host", "10.0.2.42", "--username", "hub")
    assert done.exit_code == 0, done.output
    stored = room.hub.parts.revisions.current().camera("gate")
    assert stored is not None
    assert stored.main.password is not None
    assert stored.main.password.reveal() == SECRET
    bad = hub(room, key, "add", "gate-2", "--site", "crossing", "--host", "10.0.2.13", "--username", "hub")
    assert bad.exit_code == 1
    assert room.hub.parts.revisions.current().camera("gate-2") is None
    assert SECRET not in done.output + bad.output


def test_a_stream_that_a_camera_names_at_another_host_gets_no_password(
    room: Room, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_CAMERA_PASSWORD", SECRET)
    done = hub(room, key, "add", "lure", "--site", "crossing", "--host", "10.0.2.21", "--username", "hub")
    assert done.exit_code == 0, done.output
    assert "rtsp://10.0.9.9/sub is at another host" in done.output
    stored = room.hub.parts.revisions.current().camera("lure")
    assert stored is not None
    assert stored.sub is not None
    assert stored.onvif is not None
    assert stored.main.password is not None
    assert stored.onvif.password is not None
    assert (stored.sub.username, stored.sub.password) == (None, None)


def test_mistakes_are_lines_with_what_to_write(room: Room, key: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "cameras.csv"
    sheet.write_text("id,site,url\nx,nowhere,rtsp://10.0.2.60/x\n")
    done = hub(room, key, "import", str(sheet))
    assert done.exit_code == 1
    assert f"{sheet}:2: site: there is no such site" in done.stdout
    assert "没有这个场所" in done.stdout


def test_without_a_hub_a_sheet_is_held_to_community_yaml(tmp_path: Path) -> None:
    community = tmp_path / "community.yaml"
    community.write_text(
        "sites: [{id: crossing, name: Crossing}]\ncameras: [{id: a, site: crossing, url: 'rtsp://h/a'}]\n"
    )
    sheet = tmp_path / "cameras.csv"
    sheet.write_text("id,site,url\na,,rtsp://h/a\nb,crossing,rtsp://h/b\n")
    done = run("import", str(sheet), "--dry-run", "--community", str(community))
    assert done.exit_code == 0, done.output
    assert "1 to add, 0 to change, 1 as they are: nothing saved" in done.stdout
    listed = run("list", "--community", str(community), "--format", "json")
    assert [each["id"] for each in json.loads(listed.stdout)] == ["a"]
    example = tmp_path / "new.csv"
    assert run("import", str(example), "--template").exit_code == 0
    assert example.read_bytes().startswith("\ufeff编号".encode())


def test_a_key_is_needed_and_a_hub_that_refuses_or_is_away_is_told(room: Room, tmp_path: Path) -> None:
    no_key = run("list", "--url", room.hub.url)
    assert isinstance(no_key.exception, ConfigurationError)
    wrong = tmp_path / "wrong.txt"
    wrong.write_text("chk_nothing")
    refused = run("list", "--url", room.hub.url, "--key-file", str(wrong))
    assert isinstance(refused.exception, HubError)
    assert "401" in str(refused.exception)
    away = run("list", "--url", "http://127.0.0.1:9", "--key-file", str(wrong))
    assert isinstance(away.exception, HubError)
    assert "no hub answers" in str(away.exception)


@pytest.mark.parametrize(
    "words",
    [
        ("probe", f"rtsp://hub:{SECRET}@127.0.0.1:1/main"),
        ("add", "gate", "--site", "x", "--stream", f"rtsp://hub:{SECRET}@127.0.0.1:1/main", "--url", "http://h:1"),
    ],
)
def test_a_password_in_an_argument_is_refused_and_why_is_said(words: tuple[str, ...], tmp_path: Path) -> None:
    key = tmp_path / "key.txt"
    key.write_text("chk_nothing")
    refused = run(*words, *(("--key-file", str(key)) if words[0] == "add" else ()))
    assert isinstance(refused.exception, ConfigurationError)
    assert "list of processes" in str(refused.exception)
    assert SECRET not in str(refused.exception)


def test_without_a_hub_a_stream_is_tried_in_allowed_networks_by_a_process_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HUB_CAMERA_PASSWORD", raising=False)
    asked: list[Probe] = []

    def ask(request: Probe) -> Failed:
        asked.append(request)
        return failed(Problem.NOT_ALLOWED)

    monkeypatch.setattr(cameras, "ask", ask)
    (tmp_path / "machine.yaml").write_text("networks: {cameras: [192.168.1.0/24]}\n")
    machine = ("--machine", str(tmp_path / "machine.yaml"))
    words = ["cameras", "probe", "rtsp://8.8.8.8/main", "--username", "hub", *machine]
    done = CliRunner().invoke(app, words, prog_name="hub", input=f"{SECRET}\n")
    assert done.exit_code == 1, done.output
    (request,) = asked
    assert (request.username, request.password, request.allowed) == ("hub", SECRET, ("192.168.1.0/24",))
    assert SECRET not in done.output
