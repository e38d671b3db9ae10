"""Trying rules out: their tests, backtests over what is stored, and what rang nowhere."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Response

from alerts.language.rule import Rule
from alerts.language.rule_text import parse_rule, plain_body, split_rules
from alerts.language.rulebook import rule_files, rule_of
from alerts.trials.asking import ask
from alerts.trials.rehearsal import Rehearsal
from alerts.trials.ruletests import PATTERN, RuleTest, read_tests, tests_in
from api.access.reaching import everywhere, reach_of
from api.errors import BadRequestError
from api.paging import Cursor, Limit, Page, decode, encode
from api.parts import Here, Parts
from api.routes.rules import COUNTED, WRITTEN, Viewer, Written
from api.schemas.places import Text
from api.schemas.rules import (
    AsidePage,
    AsideView,
    BacktestBody,
    DayCount,
    FindingView,
    MissView,
    RuleDraft,
    RuleMistake,
    TestBody,
    TestsView,
    TestView,
    TrialView,
    WhyNotView,
    trial_view,
)
from config.reading import read_text
from hub.access import Permission, Principal
from hub.errors import ConfigurationError, NotFoundError
from hub.store.rule_traces import Trace

router = APIRouter(prefix="/api/v1", tags=["rules"])

MOST_TESTS = 200
_LONGEST = timedelta(days=3660)
_MOST_COUNTED = 20_000
Since = Annotated[datetime | None, Query(alias="from")]
Until = Annotated[datetime | None, Query(alias="to", description="Not included.")]


@router.post("/rules/check", summary="Read a rule as it would be", openapi_extra=WRITTEN)
def check(
    here: Here,
    _who: Viewer,
    text: Written,
    rule: Annotated[
        str, Query(max_length=64, description="Id of the rule that it is to replace; empty for none.")
    ] = "",
) -> RuleDraft:
    """Say what is written, and all that is wrong with it by itself and with the other rules; nothing is kept."""
    try:
        written = parse_rule(text)
    except ConfigurationError as error:
        return RuleDraft(text=text, body=None, mistakes=_mistakes(error))
    try:
        here.rules.check(rule, written.text)
        mistakes = []
    except ConfigurationError as error:
        mistakes = _mistakes(error)
    return RuleDraft(text=written.text, body=plain_body(written.body), mistakes=mistakes)


@router.get("/rules/backtests", summary="List backtests")
def backtests(here: Here, who: Viewer) -> Page[TrialView]:
    """The newest few, the newest first; a restart of the hub forgets them."""
    everywhere(here, who, Permission.VIEW_RULES)
    return Page(items=[trial_view(each) for each in here.trials.all()])


@router.get("/rules/backtests/{trial_id}", summary="How a backtest does")
def backtest(here: Here, who: Viewer, trial_id: str) -> TrialView:
    """How far it has come, and when it is done what came of it."""
    everywhere(here, who, Permission.VIEW_RULES)
    return trial_view(here.trials.get(trial_id))


@router.delete("/rules/backtests/{trial_id}", summary="Cancel a backtest")
def cancel(here: Here, who: Viewer, trial_id: str) -> TrialView:
    """End it; one that is over stays as it is."""
    everywhere(here, who, Permission.VIEW_RULES)
    return trial_view(here.trials.cancel(trial_id))


@router.post("/rules/{rule_id}/backtest", summary="What it would have raised", status_code=202)
def begin(*, here: Here, who: Viewer, rule_id: str, response: Response, body: BacktestBody | None = None) -> TrialView:
    """Begin to try a rule over the stored events, beside the hub; one at a time (else 429)."""
    everywhere(here, who, Permission.VIEW_RULES)
    wanted = body or BacktestBody()
    until = wanted.until or here.clock.now()
    since = wanted.since or until - COUNTED
    if not timedelta() < until - since <= _LONGEST:
        raise BadRequestError("body.since", "write a time before `until`")
    text = here.rules.get(rule_id).revision.text
    if wanted.rule is not None:
        text = here.rules.check(rule_id, wanted.rule).text
    trial = here.trials.begin(rule_id, text, since=since, until=until, who=who.name)
    response.headers["Location"] = f"/api/v1/rules/backtests/{trial.id}"
    return trial_view(trial)


@router.post("/rules/{rule_id}/test", summary="Run its tests")
def run_tests(here: Here, _who: Viewer, rule_id: str, body: TestBody | None = None) -> TestsView:
    """Run the tests that lie beside the rules and name it, and those in the body."""
    wanted = body or TestBody()
    rules = {each.revision.rule: each.rule for each in here.rules.rules()}
    written = here.rules.get(rule_id).revision.text
    if wanted.rule is not None:
        written = here.rules.check(rule_id, wanted.rule).text
    known = parse_rule(written)
    rules[rule_id] = rule_of({**known.body, "state": "live" if known.state == "off" else known.state})
    found = [
        (name, each)
        for name, each in _tests(here, rule_id, wanted)
        if rule_id in each.rules and set(each.rules) <= set(rules)
    ]
    if len(found) > MOST_TESTS:
        raise BadRequestError("body.tests", f"these are {len(found)} tests; at most {MOST_TESTS} run at once")
    done = [_run(name, each, [rules[rule] for rule in each.rules]) for name, each in found]
    failed = sum(not each.ok for each in done)
    return TestsView(rule=rule_id, passed=len(done) - failed, failed=failed, tests=done)


@router.get("/rules/{rule_id}/shadow", summary="What it would have raised from the shadow")
def shadow(
    *,
    here: Here,
    who: Viewer,
    rule_id: str,
    since: Since = None,
    until: Until = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> AsidePage:
    """What a rule on trial would have raised, the newest first, and how many a day. Nobody is told of them.

    To let it ring, make it `live` (PATCH).
    """
    return _aside(here, who, rule_id, ("shadow", "raised"), since=since, until=until, cursor=cursor, limit=limit)


@router.get("/rules/{rule_id}/withheld", summary="What was withheld")
def withheld(
    *,
    here: Here,
    who: Viewer,
    rule_id: str,
    since: Since = None,
    until: Until = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> AsidePage:
    """What hours, `unless` and the like held back, the newest first, each with why, and how many a day."""
    return _aside(here, who, rule_id, ("withheld", "withheld"), since=since, until=until, cursor=cursor, limit=limit)


@router.get("/rules/{rule_id}/why-not", summary="Why it did not ring")
def why_it_did_not(
    *,
    here: Here,
    who: Viewer,
    rule_id: str,
    key: Annotated[str, Query(max_length=512, description="What the rule counts for: a site, a device, camera/zone.")],
    at: Annotated[datetime | None, Query(description="When; without it, now.")] = None,
) -> WhyNotView:
    """Run the rule as it was then over what is stored up to then, and say what was heard and what was missing."""
    moment = at or here.clock.now()
    if moment.tzinfo is None:
        raise BadRequestError("query.at", "give the time zone, as 2026-03-01T08:00:00+08:00 or ...Z")
    _check_key(here, who, key)
    answer = ask(
        rule_id,
        key,
        moment,
        event_log=here.event_log,
        rules=here.rules,
        community=here.revisions.current(),
    )
    return WhyNotView(
        rule=rule_id,
        key=key,
        at=moment,
        rang=answer.rang,
        text=Text(zh=answer.text.zh, en=answer.text.en),
        findings=[
            FindingView(code=each.code, text=Text(zh=each.text.zh, en=each.text.en), events=list(each.events))
            for each in answer.findings
        ],
        heard=answer.heard,
        since=answer.since,
        complete=answer.complete,
    )


def _mistakes(error: ConfigurationError) -> list[RuleMistake]:
    return [
        RuleMistake(where=each.path, message=each.message, message_zh=each.message_zh, line=each.line)
        for each in error.mistakes
    ]


def _tests(here: Parts, rule: str, wanted: TestBody) -> list[tuple[str, RuleTest]]:
    """The tests in files that name a rule, and those in the body."""
    known = {each.revision.rule for each in here.rules.rules()}
    folder = here.rules.folder
    written = {each.id for file in rule_files(folder) for each in split_rules(file.read_text(encoding="utf-8-sig"))}
    files = [path for path in sorted(folder.glob(PATTERN)) if rule in path.read_text(encoding="utf-8-sig")]
    found = [(path.name, each) for path in files for each in read_tests(path, rules=known | written).tests]
    if wanted.tests is not None:
        body = Path("body.tests")
        found += [("body", each) for each in tests_in(read_text(wanted.tests, file=body), body, rules=known).tests]
    return found


def _run(file: str, test: RuleTest, rules: list[Rule]) -> TestView:
    misses = Rehearsal(test).run(rules)
    return TestView(
        file=file,
        name=test.name,
        ok=not misses,
        misses=[
            MissView(
                at_s=each.at_s,
                what=each.what,
                expected=each.expected,
                expected_zh=each.expected.zh,
                got=each.got,
                got_zh=each.got.zh,
            )
            for each in misses
        ],
    )


def _check_key(here: Parts, who: Principal, key: str) -> None:
    """Refuse what a rule counts for that is not within somebody's reach, be it there or not.

    Raises:
        NotFoundError: It is not for him.
    """
    reach, subject = reach_of(here, who), key.partition("/")[0]
    known = reach.allows(Permission.VIEW_RULES, site=subject, area=subject)
    if not known and not reach.reaches_device(Permission.VIEW_RULES, subject):
        raise NotFoundError(f"nothing is known of {key!r}")


def _aside(
    here: Parts,
    who: Principal,
    rule: str,
    what: tuple[str, str],
    *,
    since: datetime | None,
    until: datetime | None,
    cursor: str | None,
    limit: int,
) -> AsidePage:
    for name, moment in (("from", since), ("to", until)):
        if moment is not None and moment.tzinfo is None:
            raise BadRequestError(f"query.{name}", "give the time zone, as 2026-03-01T08:00:00+08:00 or ...Z")
    if not here.rules.versions(rule):
        here.rules.get(rule)
    place = decode(cursor, parts=1)
    if place is not None and not place[0].isdigit():
        raise BadRequestError("query.cursor", "this is no cursor of this list")
    begin = since or (until or here.clock.now()) - COUNTED
    topic, move = what
    within = reach_of(here, who).within(Permission.VIEW_RULES)
    every = [
        each
        for each in here.traces.entries(topic, rule, move=move, since=begin, until=until, limit=_MOST_COUNTED)
        if within is None or within.held(**{name: each.body.get(name) for name in ("camera", "site", "area")})
    ]
    page = [each for each in every if place is None or each.seq < int(place[0])]
    zone = ZoneInfo(here.revisions.current().timezone)
    days = Counter(each.at.astimezone(zone).date().isoformat() for each in every)
    return AsidePage(
        items=[_shown(each) for each in page[:limit]],
        days=[DayCount(day=day, count=count) for day, count in sorted(days.items())],
        next=encode(str(page[limit - 1].seq)) if len(page) > limit else None,
    )


def _shown(trace: Trace) -> AsideView:
    body = trace.body
    return AsideView.model_validate(
        {
            "seq": trace.seq,
            "at": trace.at,
            "kind": body["kind"],
            "key": body["key"],
            "level": body["level"],
            "version": body["rule_version"],
            "text": body["text"],
            "because": body.get("because"),
            "events": body["events"],
            "alert": body["id"],
        }
    )
