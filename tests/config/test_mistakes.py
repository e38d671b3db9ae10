"""Every way to get a configuration wrong, with the exact words that come back.

One file per case in `data/bad/`, and beside it the expected messages, as `hub check` prints them without the folder. A
case whose name begins with `machine` is read as machine.yaml.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
from pydantic import BaseModel, ConfigDict, Field

from config.load import load_community, load_machine
from hub.errors import ConfigurationError, Mistake
from hub.sensors.options import SensorOptions
from hub.sensors.payloads.tasmota import TasmotaOptions
from tests.fakes.chinese_reader import unread

BAD = Path(__file__).parent / "data" / "bad"


class Objects(BaseModel):
    """Options as a detector plugin would have them."""

    model_config = ConfigDict(extra="forbid")
    labels: tuple[str, ...] = ()
    min_score: Annotated[float, Field(ge=0, le=1)] = 0.5


class Fire(BaseModel):
    model_config = ConfigDict(extra="forbid")
    min_score: float = 0.5


def load(path: Path) -> object:
    if path.name.startswith("machine"):
        return load_machine(path)
    return load_community(
        path,
        formats={"plain": SensorOptions, "zigbee2mqtt": TasmotaOptions},
        detectors={"objects": Objects, "fire": Fire},
        observations=("smoke", "gas"),
    )


def mistakes_in(path: Path) -> tuple[Mistake, ...]:
    with pytest.raises(ConfigurationError) as caught:
        load(path)
    return caught.value.mistakes


@pytest.mark.parametrize("case", sorted(BAD.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_mistake_is_named_with_file_line_path_and_what_to_write(case: Path) -> None:
    found = "".join(f"{mistake}\n" for mistake in mistakes_in(case)).replace(f"{BAD}/", "")

    assert found == case.with_suffix(".txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("case", sorted(BAD.glob("*.yaml")), ids=lambda path: path.stem)
def test_who_reads_chinese_alone_is_told_every_mistake(case: Path) -> None:
    assert [unread(mistake.message_zh) for mistake in mistakes_in(case) if unread(mistake.message_zh)] == []


def test_no_expected_message_stands_without_its_case() -> None:
    assert {path.stem for path in BAD.glob("*.txt")} == {path.stem for path in BAD.glob("*.yaml")}


@pytest.mark.parametrize("case", sorted(BAD.glob("*.yaml")), ids=lambda path: path.stem)
def test_no_message_shows_a_secret(case: Path) -> None:
    assert "hunter2" not in "".join(str(mistake) for mistake in mistakes_in(case))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    [mistake] = mistakes_in(tmp_path / "community.yaml")

    assert str(mistake) == f"{tmp_path / 'community.yaml'}: cannot be read: No such file or directory"
    assert mistake.message_zh == "读不了：没有这个文件"


def test_a_file_in_another_encoding_is_named_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "community.yaml"
    path.write_bytes("timezone: Asia/Shanghai\nname: 大坪子\n".encode("gb18030"))

    [mistake] = mistakes_in(path)

    assert str(mistake) == f"{path}:2: is not UTF-8; save it with the encoding UTF-8"


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "community.yaml"
    with path.open("wb") as file:
        file.truncate(64 * 1024 * 1024)

    [mistake] = mistakes_in(path)

    assert mistake.message == "is larger than 16 MiB"


def test_a_small_file_cannot_grow_through_aliases(tmp_path: Path) -> None:
    path = tmp_path / "community.yaml"
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    path.write_text("\n".join(rows), encoding="utf-8")

    [mistake] = mistakes_in(path)

    assert mistake.message == "grows to more than 1000000 values through aliases"
