"""The set-up process is asked and heard, and believed in nothing that is not one of its words."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from cameras.reaching import Problem, words
from cameras.setting_up.asking import ask, failed, line_of, read_line, read_request, request_of, said
from cameras.setting_up.words import (
    Answer,
    Channel,
    Device,
    Discover,
    Discovered,
    Failed,
    FoundCamera,
    Pictured,
    Probe,
    Probed,
    ProbedStream,
    Progress,
    Request,
    TakeStill,
)

STREAM = ProbedStream("rtsp://10.0.0.2/1", codec="h264", width=1920, height=1080, measured_fps=25.0, packets=50)
PROBED = Probed(
    "10.0.0.2",
    (Channel("Gate", STREAM, None, fits=True, advice=(said(Problem.REFUSED),)),),
    device=Device("A", "B", "1", "S"),
)
LINES: tuple[Answer | Progress, ...] = (
    PROBED,
    Progress(said(Problem.TIMED_OUT), 1, 3),
    Discovered((FoundCamera("urn:uuid:1", "10.0.0.2", "http://10.0.0.2/onvif", "Gate", "X", ""),)),
    Pictured(b"\xff\xd8", 640, 360),
    failed(Problem.WRONG_PATH, "404"),
)


def child(tmp_path: Path, body: str) -> list[str]:
    program = tmp_path / "child.py"
    program.write_text(f"import sys, json, time, threading\n{body}\n", encoding="utf-8")
    return [sys.executable, "-I", str(program)]


@pytest.mark.parametrize("line", LINES, ids=lambda line: type(line).__name__)
def test_every_answer_crosses_unchanged(line: Answer | Progress) -> None:
    assert read_line(line_of(line)) == line


@pytest.mark.parametrize("request_", [Discover(("10.0.0.0/24",)), Probe("h", "u", "p"), TakeStill("rtsp://h/", "u")])
def test_every_request_crosses_unchanged(request_: Request) -> None:
    assert read_request(request_of(request_)) == request_


def test_a_request_does_not_show_its_password() -> None:
    assert "pa55" not in repr(Probe("h", "u", "pa55")) + repr(TakeStill("rtsp://h/", "u", "pa55"))


def test_every_problem_has_words_of_its_own_in_both_languages() -> None:
    told = [words(problem) for problem in Problem]
    assert len({zh for zh, _ in told}) == len({en for _, en in told}) == len(Problem)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"7",
        b'{"line": 1}',
        b'{"line": "rm"}',
        b"[" * 100_000,
        b'{"line": "pictured", "jpeg": "!!", "width": 1, "height": 1}',
        b'{"line": "pictured", "jpeg": "", "width": true, "height": 1}',
        b'{"line": "pictured", "jpeg": "", "width": 1}',
        b'{"line": "pictured", "jpeg": "", "width": 1, "height": 1, "x": 0}',
        b'{"line": "failed", "problem": "made up", "zh": "", "en": "", "detail": ""}',
        json.dumps({"line": "failed", "problem": "refused", "zh": "", "en": "", "detail": "x" * 5000}).encode(),
        line_of(PROBED).replace(b"25.0", b"NaN"),
        line_of(PROBED).replace(b'"Gate"', b"null"),
    ],
)
def test_what_is_no_word_of_the_process_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
        read_line(data)


def test_progress_is_heard_and_the_answer_comes_back(tmp_path: Path) -> None:
    step, answer = line_of(LINES[1]).decode(), line_of(PROBED).decode()
    program = child(tmp_path, f"sys.stdin.readline(); sys.stdout.write({step!r}); sys.stdout.write({answer!r})")
    heard: list[Progress] = []
    assert ask(Probe("10.0.0.2"), on_progress=heard.append, command=program) == PROBED
    assert heard == [LINES[1]]


def test_the_password_goes_over_standard_input_alone(tmp_path: Path) -> None:
    program = child(
        tmp_path,
        "got = json.loads(sys.stdin.readline())\n"
        "argv = open('/proc/self/cmdline').read() + open('/proc/self/environ').read()\n"
        "ok = got['password'] == 'pa55w0rd' and 'pa55w0rd' not in argv\n"
        "line = {'line': 'failed', 'problem': 'refused', 'zh': '', 'en': '', 'detail': str(ok)}\n"
        "print(json.dumps(line), flush=True)",
    )
    answer = ask(Probe("h", "u", "pa55w0rd"), command=program)
    assert isinstance(answer, Failed)
    assert answer.detail == "True"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("threading.Event().wait()", Problem.TIMED_OUT),
        ("sys.exit(3)", Problem.FAILED),
        ("print('hello', flush=True); threading.Event().wait()", Problem.FAILED),
        ("sys.stdin.readline()\nwhile True: sys.stdout.write('x' * 1000000)", Problem.FAILED),
        ("sys.stdin.readline()\nwhile True: sys.stdout.write('{}\\n' * 1000)", Problem.FAILED),
    ],
    ids=["silent", "dead", "talks", "endless line", "endless lines"],
)
def test_a_process_that_misbehaves_is_ended_and_told(tmp_path: Path, body: str, problem: Problem) -> None:
    answer = ask(Probe("h"), command=child(tmp_path, body), timeout_s=3.0)
    assert isinstance(answer, Failed)
    assert answer.problem is problem
