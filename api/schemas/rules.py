"""Bodies about rules: as they stand, their versions, and trying them out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from alerts.language.kinds import ALERT_KINDS
from alerts.language.rule_changes import StoredRule
from api.schemas.places import Text
from api.trials import Trial
from config.community import Level
from hub.store.rule_revisions import RuleRevision
from hub.store.rule_traces import RuleCounts

State = Literal["live", "shadow", "off"]
Reason = Annotated[str, Field(max_length=2000)]


class Counters(BaseModel):
    """What came of a rule."""

    raised: int = Field(description="Alerts in the last 30 days.")
    last_raised: datetime | None = None
    withheld: int = Field(description="Claims that were held back in the last 30 days.")
    shadow: int = Field(description="What it would have raised from the shadow in the last 30 days.")
    unknown: int = Field(description="Observations since the start of which a field was missing or of the wrong type.")
    failed: int = Field(description="Observations since the start at which the rule itself failed.")


class RuleView(BaseModel):
    """A rule as it stands."""

    id: str = Field(examples=["fire.smoke_sensor"])
    version: int
    state: State
    kind: str = Field(examples=["fire.smoke"])
    kind_name: Text
    level: Level | None = Field(description="Null when the shape decides.")
    shape: str = Field(examples=["event"])
    for_each: list[str]
    name: Text
    source: Literal["shipped", "own"]
    changed: bool = Field(description="Whether people changed it since it was read from its file.")
    hash: str = Field(description="Of the content without the state; one for each id and version.")
    revision: int = Field(description="Counts the changes of all rules; the ETag is this number in quotes.")
    at: datetime = Field(description="When it became so.")
    author: str = Field(examples=["lin"], description="Account name, or `file`.")
    reason: str
    counters: Counters


class RuleDetail(RuleView):
    """A rule with what is written in it."""

    text: str = Field(description="YAML, as written.")
    body: dict[str, Any] = Field(description="The same, read.")


class RuleVersion(BaseModel):
    """One accepted form of a rule."""

    revision: int
    version: int
    state: str = Field(description="live, shadow, off or removed.")
    hash: str
    at: datetime
    author: str
    reason: str
    text: str


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class StateBody(_Body):
    """Another state."""

    state: State
    reason: Reason = ""


class RollbackBody(_Body):
    """An earlier version."""

    version: int = Field(ge=1)
    reason: Reason = ""


class TestBody(_Body):
    """What to test; all may be left out."""

    __test__ = False

    rule: str | None = Field(default=None, description="The rule as it would be, YAML; else as it is.")
    tests: str | None = Field(default=None, description="More tests, YAML in the form of a test file.")


class RuleMistake(BaseModel):
    """Something in a rule that cannot be taken."""

    where: str = Field(examples=["when.lasts.for"], description="Path of the part; empty for all of it.")
    message: str
    message_zh: str = Field(description="The same in Chinese.")
    line: int | None = Field(default=None, description="In `text`, the first is 1.")


class RuleDraft(BaseModel):
    """A rule as it would be: read, and not kept."""

    text: str = Field(description="YAML: as sent, or as the hub writes what was sent as JSON.")
    body: dict[str, Any] | None = Field(description="The same, read; null when it is no YAML or not one rule.")
    mistakes: list[RuleMistake] = Field(description="All that is wrong; empty when it could be put in force.")


class MissView(BaseModel):
    """Something that is not as expected."""

    at_s: float
    what: str
    expected: str
    expected_zh: str = Field(description="The same in Chinese.")
    got: str
    got_zh: str = Field(description="The same in Chinese.")


class TestView(BaseModel):
    """One test that was run."""

    __test__ = False

    file: str = Field(description="Where it stands; `body` for one that was sent.")
    name: str
    ok: bool
    misses: list[MissView]


class TestsView(BaseModel):
    """What the tests of a rule said."""

    __test__ = False

    rule: str
    passed: int
    failed: int
    tests: list[TestView]


class BacktestBody(_Body):
    """Over which time, and as what."""

    since: AwareDatetime | None = Field(default=None, description="Without it, 30 days before `until`.")
    until: AwareDatetime | None = Field(default=None, description="Not included; without it, now.")
    rule: str | None = Field(default=None, description="The rule as it would be, YAML; else as it is.")


class CaseView(BaseModel):
    """One alert that would have stood."""

    began: datetime
    ended: datetime | None
    key: str
    level: Level
    text: Text
    events: list[str] = Field(description="Ids of those that spoke for it.")
    muted: bool


class HeldView(BaseModel):
    """Alerts of one key that would have been withheld for one reason."""

    first: datetime
    last: datetime
    times: int
    key: str
    level: Level
    text: Text
    because: Text
    events: list[str]


class FoundView(BaseModel):
    """What came of a backtest."""

    count: int = Field(description="How many alerts; of many only the first are listed.")
    alerts: list[CaseView]
    withheld_count: int
    withheld: list[HeldView]
    events: int
    unknown: int
    failed: int


class TrialView(BaseModel):
    """A backtest, while it runs and after."""

    id: str
    rule: str
    state: Literal["running", "done", "failed", "cancelled"]
    progress: float = Field(description="0..1, in time.")
    events: int
    since: datetime
    until: datetime
    who: str
    began: datetime
    error: str = ""
    found: FoundView | None = None


class AsideView(BaseModel):
    """What rang nowhere."""

    seq: int
    at: datetime
    kind: str
    key: str
    level: Level
    version: int
    text: Text
    because: Text | None = Field(default=None, description="What withheld it.")
    events: list[str]
    alert: str = Field(description="The id that it would have had.")


class DayCount(BaseModel):
    """How many on one day."""

    day: str = Field(examples=["2026-03-03"], description="By the clock of the community.")
    count: int


class AsidePage(BaseModel):
    """Some of them, the newest first, and how many on each day of the time that was asked for."""

    items: list[AsideView]
    days: list[DayCount]
    next: Annotated[str | None, Field(description="Cursor of the next page; null on the last one.")] = None


class FindingView(BaseModel):
    """One thing that held, or was missing."""

    code: str = Field(
        examples=["not_reached"],
        description=(
            "`met`; or what was missing: absent, removed, off, shadow, no_such_key, stands (it rings already), muted, "
            "withheld, out_of_scope, was_over, offline, arrived_late, no_key, not_heard, unknown (a field is missing), "
            "not_met, not_reached, over, aside (a test), too_few, too_short, too_far_apart, one_device, other_order, "
            "never_heard, events_gone."
        ),
    )
    text: Text
    events: list[str] = Field(description="Ids of the observations it rests on.")


class WhyNotView(BaseModel):
    """Why a rule did not ring."""

    rule: str
    key: str
    at: datetime
    rang: bool = Field(description="Whether, by what is stored, an alert of it stood at that moment.")
    text: Text = Field(description="What decided.")
    findings: list[FindingView] = Field(description="All that was found, what decided first.")
    heard: int = Field(description="Observations of this key.")
    since: datetime = Field(description="From when on all of them are known.")
    complete: bool = Field(description="Whether that reaches as far back as the rule looks.")


def rule_view(stored: StoredRule, counts: RuleCounts, *, unknown: int, failed: int) -> RuleView:
    """A stored rule as it is shown."""
    rule, revision = stored.rule, stored.revision
    known = ALERT_KINDS.get(rule.kind)
    name = Text(zh=rule.kind, en=rule.kind) if known is None else Text(zh=known.zh, en=known.en)
    return RuleView.model_validate(
        {
            "id": rule.id,
            "version": rule.version,
            "state": revision.state,
            "kind": rule.kind,
            "kind_name": name,
            "level": rule.level,
            "shape": rule.shape_kind,
            "for_each": list(rule.for_each),
            "name": Text(zh=rule.name.zh, en=rule.name.en),
            "source": "shipped" if stored.shipped else "own",
            "changed": revision.file_digest is None,
            "hash": revision.hash,
            "revision": revision.number,
            "at": revision.at,
            "author": revision.author,
            "reason": revision.reason,
            "counters": Counters(
                raised=counts.raised,
                last_raised=counts.last_raised,
                withheld=counts.withheld,
                shadow=counts.shadow,
                unknown=unknown,
                failed=failed,
            ),
        }
    )


def version_view(revision: RuleRevision) -> RuleVersion:
    """A revision as it is shown."""
    return RuleVersion(
        revision=revision.number,
        version=revision.version,
        state=revision.state,
        hash=revision.hash,
        at=revision.at,
        author=revision.author,
        reason=revision.reason,
        text=revision.text,
    )


def trial_view(trial: Trial) -> TrialView:
    """A backtest as it is shown."""
    return TrialView.model_validate(
        {
            "id": trial.id,
            "rule": trial.rule,
            "state": trial.state,
            "progress": trial.progress,
            "events": trial.events,
            "since": trial.since,
            "until": trial.until,
            "who": trial.who,
            "began": trial.began,
            "error": trial.error,
            "found": dict(trial.found) or None,
        }
    )
