"""Rule tests as they are written: what is observed at which time, and which alerts stand then.

    - name: smoke rings at once and the all-clear ends it
      rules: [fire.smoke_sensor]
      feed:
        - {at: 0s, kind: smoke, site: hh-017, device: hh-017/smoke, alarm: "true false", every: 5m}
      expect:
        - {at: 0s, active: [{kind: fire.smoke, key: hh-017, severity: orange}]}
        - {at: 5m, active: []}

Tests lie beside the rules, `fire.test.yaml` beside `fire.yaml`. A folder is read completely or refused with every
mistake in it. What runs them is `alerts/trials/rehearsal.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from alerts.arming import ARMING_KIND
from alerts.language.duration import Seconds
from alerts.language.kinds import ALERT_KINDS
from alerts.trials.series import MOST_VALUES, Value, parse_series
from config.community import Community, Level
from config.errors import ConfigurationError, Mistake
from config.messages import Problem, mistakes, problems, unknown
from config.reading import read_yaml
from config.says import Says, says
from hub.events import Phase, Quality
from hub.sensors.kinds import KINDS

PATTERN = "*.test.y*ml"
START = datetime(2026, 3, 3, tzinfo=UTC)
"""When a test begins that does not say."""

PERSON_KINDS = ("alert.resolved", "alert.reopened")
"""What a person does with the incident of an alert, named by `alert`."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AlertName(_Part):
    """Which of the open alerts."""

    kind: str
    key: str


class Fed(BaseModel):
    """One observation, or with `every` a series of them. Keys that are none of these are fields of the observation."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, Value]

    at: Seconds
    """Event time, from the start."""
    arrives: Seconds | None = None
    """Arrival, from the start; when it happens unless written."""
    every: Seconds | None = Field(default=None, gt=0)
    """Between two of a series."""
    times: int | None = Field(default=None, ge=1, le=MOST_VALUES)
    """How many, where no field has a series."""
    kind: str
    device: str | None = None
    camera: str | None = None
    site: str | None = None
    household: str | None = None
    area: str | None = None
    zone: str | None = None
    subject: str | None = None
    driver: str | None = None
    phase: Phase = Phase.MOMENT
    confidence: float | str | None = None
    quality: tuple[Quality, ...] = ()
    alert: AlertName | None = None
    """The one whose incident a person resolved or reopened."""

    @property
    def fields(self) -> dict[str, Value]:
        """What was observed, as written."""
        return dict(self.__pydantic_extra__ or {})

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.kind in PERSON_KINDS) != (self.alert is not None):
            raise ValueError(
                says(
                    "`alert` goes with {kinds}, which need it",
                    "`alert` 只与 {kinds} 一起写，它们也必须有它",
                    kinds=Says(" and ".join(PERSON_KINDS), " 和 ".join(PERSON_KINDS)),
                )
            )
        if self.alert is None and self.device is None and self.camera is None and self.kind != ARMING_KIND:
            raise ValueError(
                says("nobody says this; write `device` or `camera`", "没有写是谁报的；请写 `device` 或 `camera`")
            )
        if self.site is not None and self.household is not None:
            raise ValueError(
                says("household is another word for site; write one of them", "household 就是 site；请只写一个")
            )
        if self.every is None and self.times is not None:
            raise ValueError(
                says("`times` needs `every`: how long between two", "有 `times` 就要有 `every`：两次相隔多久")
            )
        if self.arrives is not None and self.arrives < self.at:
            raise ValueError(
                says(
                    "it arrives before it happens; `arrives` counts from the start, as `at` does",
                    "还没发生就到了；`arrives` 和 `at` 一样从开头算起",
                )
            )
        known = KINDS.get(self.kind)
        for name in self.fields:
            if known is not None and name not in known.fields:
                raise ValueError(
                    says(
                        "{kind}: field {what}",
                        "{kind}：字段 {what}",
                        kind=self.kind,
                        what=unknown(name, tuple(known.fields)),
                    )
                )
        self.values()
        return self

    def values(self) -> list[tuple[float | None, dict[str, Value]] | None]:
        """Confidence and fields of each observation; None where nothing of a series is sent.

        Raises:
            ValueError: The series are of different length.
        """
        written: dict[str, Value | None] = {**self.fields, "confidence": self.confidence}
        series: dict[str, tuple[Value | None, ...]] = {}
        if self.every is not None:
            series = {name: parse_series(value) for name, value in written.items() if isinstance(value, str)}
            series = {name: values for name, values in series.items() if len(values) > 1}
        lengths = {len(values) for values in series.values()}
        if len(lengths) > 1 or (lengths and self.times not in (None, *lengths)):
            counts = [str(length) for length in sorted(lengths)]
            raise ValueError(
                says(
                    "the series have {counts} values; make them one length",
                    "各序列分别有 {counts} 个值；请写成一样长",
                    counts=Says(" and ".join(counts), "、".join(counts)),
                )
            )
        if self.every is not None and not lengths and self.times is None:
            raise ValueError(
                says(
                    "`every` needs a series, as 1.8+0.1x12, or `times`",
                    "有 `every` 就要有序列（如 1.8+0.1x12）或 `times`",
                )
            )
        found: list[tuple[float | None, dict[str, Value]] | None] = []
        for index in range(max(lengths, default=self.times or 1)):
            now = {name: series[name][index] if name in series else value for name, value in written.items()}
            confidence = now.pop("confidence")
            if isinstance(confidence, str | bool):
                raise ValueError(  # noqa: TRY004 - pydantic takes ValueErrors alone
                    says(
                        "confidence is a number from 0 to 1, or with `every` a series of them",
                        "confidence 是 0 到 1 的数；有 `every` 时可以是序列",
                    )
                )
            sent = {name: value for name, value in now.items() if value is not None}
            silent = bool(series) and all(each[index] is None for each in series.values())
            found.append(None if silent else (confidence, sent))
        return found


class ExpectedAlert(_Part):
    """An alert as it must stand."""

    kind: str
    key: str
    severity: Level
    muted: bool = False
    says: str | None = None
    """The whole text, in Chinese or English; unchecked unless written."""


class ExpectedWithheld(_Part):
    """An alert that was withheld."""

    kind: str
    key: str
    because: str | None = None
    """The whole reason, in Chinese or English; unchecked unless written."""


class Expected(_Part):
    """What must be so at one moment. A list is all there is, in any order; one that is not written is not looked at."""

    at: Seconds
    active: tuple[ExpectedAlert, ...] | None = None
    returned: tuple[ExpectedAlert, ...] | None = None
    """Normal again and not closed."""
    shadow: tuple[ExpectedAlert, ...] | None = None
    """Active, of rules in the shadow."""
    withheld: tuple[ExpectedWithheld, ...] | None = None
    """Since the start, in the order in which it happened."""
    unknown: int | None = Field(default=None, ge=0)
    """Observations since the start that a rule could not judge."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.model_fields_set <= {"at"}:
            raise ValueError(
                says(
                    "expects nothing; write active, returned, shadow, withheld or unknown",
                    "没有写期望什么；请写 active、returned、shadow、withheld 或 unknown",
                )
            )
        return self


class RuleTest(_Part):
    """One story and what must come of it."""

    name: Annotated[str, Field(min_length=1)]
    rules: Annotated[tuple[str, ...], Field(min_length=1)]
    """Those that run."""
    start: AwareDatetime = START
    community: Community = Community()
    """Where it plays; without it everything is called by its id, and nothing is known of it."""
    feed: tuple[Fed, ...]
    expect: Annotated[tuple[Expected, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class TestFile:
    """The tests of one file.

    Attributes:
        path: Where they stand.
        tests: In the order of the file.
    """

    __test__ = False  # pytest would take it for a class of tests

    path: Path
    tests: tuple[RuleTest, ...]


def load_tests(folder: Path, *, rules: Collection[str]) -> tuple[TestFile, ...]:
    """The tests beside the rules in a folder, in the order of the files' names.

    Args:
        folder: Holds `*.test.yaml`.
        rules: Ids of the rules that a test may name.

    Raises:
        ConfigurationError: All that is wrong in any of its files.
    """
    files: list[TestFile] = []
    found: list[Mistake] = []
    for path in sorted(folder.glob(PATTERN)):
        try:
            files.append(read_tests(path, rules=rules))
        except ConfigurationError as error:
            found += error.mistakes
    if found:
        raise ConfigurationError(tuple(found))
    return tuple(files)


def read_tests(path: Path, *, rules: Collection[str]) -> TestFile:
    """The tests in one file.

    Raises:
        ConfigurationError: All that is wrong in it.
    """
    return tests_in(read_yaml(path), path, rules=rules)


def tests_in(data: object, path: Path, *, rules: Collection[str]) -> TestFile:
    """The tests in what was read from a file, or stands for one.

    Raises:
        ConfigurationError: All that is wrong in it.
    """
    if not isinstance(data, list):
        wrong = [
            Problem(
                (),
                says(
                    "is not a list; begin each test with `- name: what must be so`",
                    "不是列表；每个测试以 `- name: 应当怎样` 开头",
                ),
            )
        ]
        raise ConfigurationError(mistakes(wrong, file=path, data=data))
    wrong = []
    tests: list[RuleTest] = []
    for index, body in enumerate(data):
        try:
            test = RuleTest.model_validate(body)
        except ValidationError as error:
            wrong += problems(error, RuleTest, body, below=(index,))
            continue
        wrong += [Problem((index, *each.location), each.message) for each in _unknown_names(test, rules)]
        tests.append(test)
    for index, name in _doubles([test.name for test in tests]):
        wrong.append(
            Problem(
                (index, "name"),
                says(
                    "{name} stands twice; a failure must say which test it is",
                    "{name} 写了两次；测试不过时要能看出是哪一个",
                    name=repr(name),
                ),
            )
        )
    if wrong:
        raise ConfigurationError(mistakes(wrong, file=path, data=data))
    return TestFile(path, tuple(tests))


def _doubles(names: Sequence[str]) -> Iterator[tuple[int, str]]:
    for index, name in enumerate(names):
        if name in names[:index]:
            yield index, name


def _unknown_names(test: RuleTest, rules: Collection[str]) -> Iterator[Problem]:
    for index, rule in enumerate(test.rules):
        if rule not in rules:
            yield Problem(("rules", index), unknown(rule, sorted(rules)))
    for index, moment in enumerate(test.expect):
        for part in ("active", "returned", "shadow", "withheld"):
            for number, alert in enumerate(getattr(moment, part) or ()):
                if alert.kind not in ALERT_KINDS:
                    yield Problem(("expect", index, part, number, "kind"), unknown(alert.kind, tuple(ALERT_KINDS)))
