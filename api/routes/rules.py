"""Rules: what there is, changing it while the hub runs, and its versions.

A rule is sent whole, as YAML or as JSON; it is checked together with all others before anything is touched, stored with
who and why, and runs from the next event on. What it remembers is kept where its shape and key are the same.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal, NoReturn

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.exceptions import HTTPException

from alerts.language.rule_changes import StoredRule
from alerts.language.rule_text import rule_text_of
from api import etags
from api.access.auth import needs
from api.access.reaching import everywhere, reach_of
from api.errors import BadRequestError, ChangedMeanwhileError
from api.etags import IfMatch
from api.paging import Cursor, Limit, Page, page_of
from api.parts import Here, Parts
from api.schemas.rules import (
    RollbackBody,
    RuleDetail,
    RuleVersion,
    RuleView,
    State,
    StateBody,
    rule_view,
    version_view,
)
from hub.access import Permission, Principal
from hub.errors import NotFoundError
from hub.store.rule_traces import RuleCounts

router = APIRouter(prefix="/api/v1", tags=["rules"])
Viewer = Annotated[Principal, Depends(needs(Permission.VIEW_RULES))]
Editor = Annotated[Principal, Depends(needs(Permission.EDIT_RULES))]
Why = Annotated[str, Query(max_length=2000, description="Why, for those who look at it later.")]

COUNTED = timedelta(days=30)
_YAML = ("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml", "text/plain")
_EXAMPLE = "rule: door.open\nname: {zh: 门, en: Door}\n..."
WRITTEN: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/yaml": {"schema": {"type": "string"}, "example": _EXAMPLE},
            "application/json": {"schema": {"type": "object"}},
        },
    }
}


async def _written(request: Request) -> str:
    """The rule in the body of a request, as YAML."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    raw = await request.body()
    try:
        text = raw.decode("utf-8-sig")
        if kind in _YAML:
            return text
        if kind != "application/json":
            raise HTTPException(415)
        body = json.loads(text, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise BadRequestError("body", "is not UTF-8") from error
    except ValueError as error:
        raise BadRequestError("body", f"is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise BadRequestError("body", "write one rule: an object with `rule` and its other keys")
    return rule_text_of(body).text


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


Written = Annotated[str, Depends(_written)]


@dataclass(frozen=True, slots=True)
class _Named:
    id: str
    stored: StoredRule


@router.get("/rules", summary="List rules")
def rules(
    *,
    here: Here,
    who: Viewer,
    state: Annotated[list[State] | None, Query(description="Any of these.")] = None,
    source: Annotated[Literal["shipped", "own"] | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[RuleView]:
    """All rules, by id, also those that are off, with what came of each where you reach."""
    wanted = [
        _Named(each.revision.rule, each)
        for each in here.rules.rules()
        if (not state or each.revision.state in state) and (source is None or each.shipped == (source == "shipped"))
    ]
    found, following = page_of(wanted, cursor, limit)
    views = _Views(here, who)
    return Page(items=[views.of(each.stored) for each in found], next=following)


@router.post("/rules", summary="Add a rule", status_code=201, openapi_extra=WRITTEN)
def add(*, here: Here, who: Editor, text: Written, response: Response, reason: Why = "") -> RuleDetail:
    """Add a rule and begin to run it."""
    everywhere(here, who, Permission.EDIT_RULES)
    stored = here.rules.put("", text, author=who.name, reason=reason, new=True)
    response.headers["Location"] = f"/api/v1/rules/{stored.revision.rule}"
    return _detail(here, who, stored, response)


@router.get("/rules/{rule_id}", summary="One rule")
def rule(here: Here, who: Viewer, rule_id: str, response: Response) -> RuleDetail:
    """One rule as it is written; its ETag is what a change must name."""
    return _detail(here, who, here.rules.get(rule_id), response)


@router.put("/rules/{rule_id}", summary="Change a rule", openapi_extra=WRITTEN)
def change(
    *,
    here: Here,
    who: Editor,
    rule_id: str,
    text: Written,
    response: Response,
    reason: Why = "",
    if_match: IfMatch = None,
) -> RuleDetail:
    """Put a rule in force as it is sent.

    Without `version` it gets the next one; a version that stands for other content already is refused (409).
    """
    expected = _expected(here, who, rule_id, etags.required(if_match))
    return _detail(
        here, who, here.rules.put(rule_id, text, author=who.name, reason=reason, expected=expected), response
    )


@router.patch("/rules/{rule_id}", summary="Make a rule live, shadow or off")
def set_state(
    *, here: Here, who: Editor, rule_id: str, body: StateBody, response: Response, if_match: IfMatch = None
) -> RuleDetail:
    """Change the state alone: content and version stay."""
    expected = _expected(here, who, rule_id, if_match)
    return _detail(
        here,
        who,
        here.rules.set_state(rule_id, body.state, author=who.name, reason=body.reason, expected=expected),
        response,
    )


@router.delete("/rules/{rule_id}", summary="Take a rule away", status_code=204)
def remove(*, here: Here, who: Editor, rule_id: str, reason: Why = "", if_match: IfMatch = None) -> None:
    """A shipped rule is switched off; one's own is removed, and its versions stay known."""
    expected = _expected(here, who, rule_id, etags.required(if_match))
    here.rules.remove(rule_id, author=who.name, reason=reason, expected=expected)


@router.get("/rules/{rule_id}/versions", summary="What it was before")
def versions(here: Here, _who: Viewer, rule_id: str) -> Page[RuleVersion]:
    """Every accepted form of a rule, the newest first, also of one that was removed."""
    found = here.rules.versions(rule_id)
    if not found:
        raise NotFoundError(f"no rule {rule_id!r}")
    return Page(items=[version_view(each) for each in found])


@router.post("/rules/{rule_id}/rollback", summary="Put an earlier version in force again")
def roll_back(
    *, here: Here, who: Editor, rule_id: str, body: RollbackBody, response: Response, if_match: IfMatch = None
) -> RuleDetail:
    """The content of that version, in the state that the rule has now."""
    expected = _expected(here, who, rule_id, if_match)
    return _detail(
        here,
        who,
        here.rules.roll_back(rule_id, body.version, author=who.name, reason=body.reason, expected=expected),
        response,
    )


class _Views:
    """Rules as they are shown, with their counters, read once for an answer."""

    def __init__(self, here: Parts, who: Principal) -> None:
        within = reach_of(here, who).within(Permission.VIEW_RULES)
        self._counts = here.traces.counts(here.clock.now() - COUNTED, within)
        status = here.engine()
        self._unknown = status.unknown if within is None else {}
        self._failed = status.rule_failures if within is None else {}

    def of(self, stored: StoredRule) -> RuleView:
        """One of them."""
        rule = stored.revision.rule
        return rule_view(
            stored,
            self._counts.get(rule, RuleCounts()),
            unknown=self._unknown.get(rule, 0),
            failed=self._failed.get(rule, 0),
        )


def _detail(here: Parts, who: Principal, stored: StoredRule, response: Response) -> RuleDetail:
    detail = _shown(here, who, stored)
    response.headers["ETag"] = etags.of_version(stored.revision.number)
    return detail


def _shown(here: Parts, who: Principal, stored: StoredRule) -> RuleDetail:
    view = _Views(here, who).of(stored)
    return RuleDetail(**view.model_dump(), text=stored.revision.text, body=dict(stored.body))


def _expected(here: Parts, who: Principal, rule: str, if_match: str | None) -> int | None:
    """The revision that If-Match names, of a rule that somebody may change.

    Raises:
        ChangedMeanwhileError: It is another one now.
        ForbiddenError: He reaches only a part of the Community, and rules are for all of it.
    """
    everywhere(here, who, Permission.EDIT_RULES)
    expected = etags.version(if_match)
    stored = here.rules.get(rule)
    if expected is not None and stored.revision.number != expected:
        raise ChangedMeanwhileError(
            f"{stored.revision.author} changed it meanwhile",
            current=_shown(here, who, stored).model_dump(mode="json"),
            etag=etags.of_version(stored.revision.number),
        )
    return expected
