"""Figures of the room: as JSON, as CSV for spreadsheets, and as a page that prints on A4."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.responses import JSONResponse

from alerts.figures.room_figures import RoomFigures
from alerts.trials.bad_actors import bad_actors, outcome
from alerts.trials.suggesting import Suggestion, suggest
from api.access.auth import needs
from api.errors import BadRequestError
from api.figure_sheets import (
    STYLE_POLICY,
    Sheet,
    Speaker,
    as_csv,
    as_html,
    load_sheets,
    people_sheets,
    rules_sheets,
    shift_sheets,
)
from api.figure_words import Language
from api.parts import Here, Parts
from api.schemas.figures import SuggestionTrial
from api.schemas.rules import TrialView, trial_view
from config.shifts import Shift
from config.writing import write_text
from hub.access import Permission, Principal, allows
from hub.errors import NotFoundError

router = APIRouter(prefix="/api/v1", tags=["figures"])
Viewer = Annotated[Principal, Depends(needs(Permission.VIEW_FIGURES))]

LONGEST = timedelta(days=92)
SOME_TIME = timedelta(days=30)
"""Back from now, unless somebody says otherwise."""
MOST_TOLD = 500
"""Alerts that a backtest names one by one."""
Form = Literal["json", "csv", "html"]
_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The figures, see docs/reference/figures.md.",
        "content": {
            "application/json": {"schema": {"type": "object"}},
            "text/csv": {"schema": {"type": "string"}},
            "text/html": {"schema": {"type": "string"}},
        },
    }
}


class Wanted:
    """Between which times, and in which form and language."""

    def __init__(
        self,
        *,
        here: Here,
        who: Viewer,
        form: Annotated[Form | None, Query(alias="format", description="Instead of `Accept`.")] = None,
        lang: Annotated[Language | None, Query(description="Instead of `Accept-Language`.")] = None,
        accept: Annotated[str, Header()] = "",
        accept_language: Annotated[str, Header()] = "",
    ) -> None:
        self.here = here
        self.who = who
        self.zone = ZoneInfo(here.revisions.current().timezone)
        self._form: Form = form or _form_of(accept)
        self._say = Speaker(lang or _language_of(accept_language), self.zone)

    @property
    def only(self) -> str | None:
        """Whose figures may be seen; None for everybody's."""
        return None if allows(self.who, Permission.VIEW_PEOPLES_FIGURES) else self.who.name

    def answer(self, what: str, body: Mapping[str, Any], sheets: Any, *, name: str = "") -> Response:
        """The figures in the form that is wanted."""
        if self._form == "json":
            return JSONResponse(dict(body))
        say = self._say
        tables: list[Sheet] = list(sheets(body, say))
        begins, ends = say.time(body["since"]), say.time(body["until"])
        if self._form == "csv":
            file = f"{what}-{begins[:10]}.csv"
            headers = {"Content-Disposition": f'attachment; filename="{file}"'}
            return Response(as_csv(tables), media_type="text/csv; charset=utf-8", headers=headers)
        place = self.here.revisions.current().name.in_language(say.language)
        title = f"{say(what)} · {say(name)}" if name else say(what)
        page = as_html(
            title,
            tables,
            say,
            about=f"{place} · {begins} - {ends}",
            made=self.here.clock.now(),
            by=self.who.name,
            signed=what == "shift",
        )
        return Response(page, media_type="text/html; charset=utf-8", headers={"Content-Security-Policy": STYLE_POLICY})


class Range:
    """The times that are asked for."""

    def __init__(
        self,
        here: Here,
        since: Annotated[datetime | None, Query(alias="from", description="Left out: 30 days before `to`.")] = None,
        until: Annotated[datetime | None, Query(alias="to", description="Not included; left out: now.")] = None,
    ) -> None:
        for name, moment in (("from", since), ("to", until)):
            if moment is not None and moment.tzinfo is None:
                raise BadRequestError(f"query.{name}", "give the time zone, as 2026-03-01T08:00:00+08:00 or ...Z")
        self.until = until or here.clock.now()
        self.since = since or self.until - SOME_TIME
        if not timedelta() < self.until - self.since <= LONGEST:
            raise BadRequestError("query.from", f"write a time before `to`, at most {LONGEST.days} days")


Wants = Annotated[Wanted, Depends()]
Times = Annotated[Range, Depends()]


@router.get("/figures/load", summary="What the room has to bear", response_class=Response, responses=_ANSWER)
def load(wanted: Wants, times: Times) -> Response:
    """Annunciations, floods, chatter and the like, held against ISA-18.2 and EEMUA 191."""
    found = wanted.here.figures.between(times.since, times.until)
    return wanted.answer("load", found.load_json(), load_sheets)


@router.get("/figures/people", summary="How long people took", response_class=Response, responses=_ANSWER)
def people(wanted: Wants, times: Times) -> Response:
    """Until things were seen, sent, accepted, reached and resolved; of the room, and of each person.

    Supervisors see everybody's figures, operators their own and the room's.
    """
    found = wanted.here.figures.between(times.since, times.until)
    return wanted.answer("people", found.people_json(only=wanted.only), people_sheets)


@router.get("/figures/rules", summary="Which rules are wrong", response_class=Response, responses=_ANSWER)
def rules(wanted: Wants, times: Times) -> Response:
    """Load and verdicts by rule and device, and what to change in the rules that cost more than they give."""
    found = wanted.here.figures.between(times.since, times.until)
    body = {**found.rules_json(), "bad_actors": list(_bad_actors(wanted.here, found, times, wanted.zone))}
    return wanted.answer("rules", body, rules_sheets)


@router.get("/figures/shift", summary="The report of a shift", response_class=Response, responses=_ANSWER)
def shift(
    wanted: Wants,
    day: Annotated[date | None, Query(alias="date", description="On which it began; left out: the newest.")] = None,
    name: Annotated[
        str | None, Query(alias="shift", max_length=40, description="Its name; left out: the newest.")
    ] = None,
) -> Response:
    """What is handed over from one shift to the next; a shift that goes on is counted so far."""
    now = wanted.here.clock.now()
    chosen, began, ends = _shift(wanted.here.revisions.current().shifts, day, name, now=now, zone=wanted.zone)
    found = wanted.here.figures.between(began, min(ends, now))
    body = {
        "shift": chosen.name,
        "date": began.astimezone(wanted.zone).date().isoformat(),
        "over": ends <= now,
        **found.shift_json(only=wanted.only),
    }
    return wanted.answer("shift", body, shift_sheets, name=chosen.name)


@router.post("/figures/rules/{rule_id}/trial", summary="Try what is suggested", status_code=202)
def begin_trial(
    here: Here,
    who: Annotated[Principal, Depends(needs(Permission.VIEW_RULES))],
    _who: Viewer,
    rule_id: str,
    times: Times,
) -> TrialView:
    """Begin to try the suggested change of a rule over what is stored; one trial at a time (else 429)."""
    found = _suggestion(here, rule_id, times, ZoneInfo(here.revisions.current().timezone))
    if found is None:
        raise NotFoundError(f"nothing is suggested for rule {rule_id}")
    trial = here.trials.begin(rule_id, _text(found), since=times.since, until=times.until, who=who.name)
    return trial_view(trial)


@router.get("/figures/rules/{rule_id}/trial/{trial_id}", summary="What the change would have cost")
def trial(here: Here, _who: Viewer, rule_id: str, trial_id: str) -> SuggestionTrial:
    """How the trial does, and when it is done, which verdicts it would have kept, spared and lost."""
    found = here.trials.get(trial_id)
    if found.rule != rule_id:
        raise NotFoundError(f"trial {trial_id} is of another rule")
    told = dict(found.found)
    result = None
    if found.state == "done":
        result = outcome(here.figures.cases(rule_id, found.since, found.until), told["alerts"]).to_json()
    complete = told.get("count", 0) <= MOST_TOLD
    return SuggestionTrial.model_validate(
        {
            "state": found.state,
            "progress": found.progress,
            "error": found.error,
            "complete": complete,
            "outcome": result,
        }
    )


def _bad_actors(here: Parts, found: RoomFigures, times: Range, zone: ZoneInfo) -> Iterator[dict[str, Any]]:
    for each in bad_actors(found.load, found.judged):
        suggestion = _suggestion(here, each.rule, times, zone)
        told = None if suggestion is None else {**suggestion.to_json(), "text": _text(suggestion)}
        yield {"rule": each.rule, "why": list(each.why), "suggestion": told}


def _suggestion(here: Parts, rule: str, times: Range, zone: ZoneInfo) -> Suggestion | None:
    try:
        body = here.rules.get(rule).body
    except NotFoundError:  # it is there no more
        return None
    newer = {**_plain(body), "version": int(body.get("version", 1)) + 1}
    return suggest(newer, here.figures.cases(rule, times.since, times.until), zone)


def _text(suggestion: Suggestion) -> str:
    return write_text([suggestion.body])


def _plain(value: Any) -> Any:
    """What was read from a file, without where it stood there."""
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def _shift(
    shifts: tuple[Shift, ...], day: date | None, name: str | None, *, now: datetime, zone: ZoneInfo
) -> tuple[Shift, datetime, datetime]:
    """The newest shift that has begun, of this day and name when they are given."""
    today = now.astimezone(zone).date()
    days = [day] if day is not None else [today - timedelta(days=back) for back in range(3)]
    begun = [(each, *each.on(one, zone)) for one in days for each in shifts if name in (None, each.name)]
    begun = [each for each in begun if each[1] < now]
    if not begun:
        known = ", ".join(each.name for each in shifts)
        raise BadRequestError("query.shift", f"there was none such yet; known are {known}")
    return max(begun, key=lambda each: each[1])


def _form_of(accept: str) -> Form:
    for part in accept.split(","):
        kind = part.partition(";")[0].strip()
        if kind in ("text/html", "text/csv", "application/json"):
            form: Form = "html" if kind == "text/html" else "csv" if kind == "text/csv" else "json"
            return form
    return "json"


def _language_of(accept: str) -> Language:
    """The first of the two that is named; Chinese when neither is."""
    for part in accept.lower().split(","):
        if part.strip().startswith("zh"):
            return "zh"
        if part.strip().startswith("en"):
            return "en"
    return "zh"
