"""Folders of maps: read and checked as a whole, with every mistake at once, or not at all.

The samples of a map are its test. They are not run at start: `hub payloads test` and `hub check` run them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError

from config.community import Sensor
from config.errors import ConfigurationError, Mistake
from config.messages import Problem, mistakes, problems
from config.reading import read_yaml
from config.says import in_english
from hub.sensors.maps.mapped import MapFormat
from hub.sensors.maps.samples import run_sample
from hub.sensors.maps.spec import MapSpec
from hub.sensors.parsing import PayloadFormat

SHIPPED = Path(__file__).resolve().parents[3] / "config" / "payloads"
"""The maps that come with the program."""


@dataclass(frozen=True, slots=True)
class Map:
    """One map file.

    Attributes:
        file: Where it was read.
        spec: What it says.
        format: What reads by it.
    """

    file: Path
    spec: MapSpec
    format: MapFormat


@dataclass(frozen=True, slots=True)
class Ran:
    """One sample that was run.

    Attributes:
        map: Whose.
        number: Which of the file, from 0.
        wrong: What differs from what is expected.
    """

    map: Map
    number: int
    wrong: tuple[str, ...]


def map_files(folder: Path) -> tuple[Path, ...]:
    """The files in a folder that hold maps."""
    return tuple(sorted(folder.glob("*.y*ml")))


def load_maps(folder: Path | None, *, taken: Collection[str]) -> Mapping[str, Map]:
    """The maps that come with the program and those of a folder, by format.

    Args:
        folder: Further maps, None for no others.
        taken: Formats that are programs; no map may be called so.

    Raises:
        ConfigurationError: All that is wrong in any of the files.
    """
    files = [*map_files(SHIPPED), *(() if folder is None else map_files(folder))]
    return read_maps(files, taken=taken)


def read_maps(files: Sequence[Path], *, taken: Collection[str]) -> Mapping[str, Map]:
    """The maps in these files, by format; see `load_maps`."""
    found: list[Mistake] = []
    made: dict[str, Map] = {}
    for file in files:
        try:
            data = read_yaml(file)
        except ConfigurationError as error:
            found += error.mistakes
            continue
        if not isinstance(data, dict):
            found.append(Mistake(file, "", in_english("is no map; write `format: name` and its other keys"), 1))
            continue
        try:
            spec = MapSpec.model_validate(data)
        except ValidationError as error:
            found += mistakes(problems(error, MapSpec, data), file=file, data=data)
            continue
        beside = list(_beside(spec, made, taken))
        if beside:
            found += mistakes(beside, file=file, data=data)
            continue
        made[spec.format] = Map(file, spec, MapFormat(spec))
    if found:
        raise ConfigurationError(tuple(found))
    return MappingProxyType(made)


def _beside(spec: MapSpec, made: Mapping[str, Map], taken: Collection[str]) -> Iterator[Problem]:
    """What cannot stand beside the maps read before."""
    if spec.format in taken:
        yield Problem(("format",), in_english(f"`{spec.format}` is a format of the program itself; write another"))
    elif spec.format in made:
        words = f"`{spec.format}` stands twice, first in {made[spec.format].file.name}; keep one"
        yield Problem(("format",), in_english(words))
    for number, topic in enumerate(MapFormat(spec).topics()):
        other = next(
            (name for name, one in made.items() if any(overlaps(topic, theirs) for theirs in one.format.topics())), None
        )
        if other is not None and other != spec.format:
            words = f"format `{other}` reads these topics too; a message can have one format"
            yield Problem(("topics", number), in_english(words))


def overlaps(one: str, other: str) -> bool:
    """Whether a topic can match both MQTT filters."""
    left, right = one.split("/"), other.split("/")
    for mine, theirs in zip(left, right, strict=False):
        if "#" in (mine, theirs):
            return True
        if "+" not in (mine, theirs) and mine != theirs:
            return False
    return len(left) == len(right) or ("#" in (left[-1], right[-1]) and abs(len(left) - len(right)) == 1)


def run_samples(one: Map) -> Iterator[Ran]:
    """Run every sample of a map."""
    formats: Mapping[str, PayloadFormat] = {one.spec.format: one.format}
    for number, sample in enumerate(one.spec.samples):
        sensor = Sensor(id="sample", site="sample", format=one.spec.format, address=sample.address)
        yield Ran(one, number, run_sample(formats, sensor, sample))


def sample_mistakes(one: Map) -> tuple[Mistake, ...]:
    """The samples that come out otherwise than they say, as mistakes with their lines."""
    wrong = [
        Problem(("samples", ran.number), in_english("; ".join(ran.wrong))) for ran in run_samples(one) if ran.wrong
    ]
    return mistakes(wrong, file=one.file, data=read_yaml(one.file)) if wrong else ()
