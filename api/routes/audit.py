"""The audit log: who saw, changed and was refused what; its check; and all of it as a table.

Whoever answers for a part of the Community reads what happened there; the check, and what belongs to no place, is for
those who answer for all of it. Reading it is told in it, too.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse

from api.access.auditing import note
from api.access.auth import needs
from api.access.reaching import everywhere, reach_of
from api.audit_desk import Check
from api.audit_table import row_of, table_of
from api.errors import BadRequestError
from api.paging import Cursor, Limit, Page, decode_number, encode
from api.parts import Here
from api.schemas.audit import AuditCheckView, AuditEntryView
from hub.access import Permission, Principal
from hub.audit import Action, Outcome
from hub.store.audit import Wanted as Which

router = APIRouter(prefix="/api/v1", tags=["audit"])
Auditor = Annotated[Principal, Depends(needs(Permission.VIEW_AUDIT))]

_CSV: dict[int | str, dict[str, Any]] = {
    200: {"description": "One row for each entry.", "content": {"text/csv": {"schema": {"type": "string"}}}}
}
_Id = Query(max_length=128)


class Wanted:
    """Which entries are asked for, among those that are for whoever asks."""

    def __init__(
        self,
        *,
        here: Here,
        who: Auditor,
        request: Request,
        actor: Annotated[str | None, Query(max_length=128, description="Account name, or what was typed.")] = None,
        account: Annotated[str | None, Query(max_length=128, description="Id of the account.")] = None,
        action: Annotated[list[Action] | None, Query(description="Any of these.")] = None,
        outcome: Outcome | None = None,
        kind: Annotated[str | None, _Id] = None,
        object_id: Annotated[str | None, Query(alias="object", max_length=256, description="Its id.")] = None,
        camera: Annotated[str | None, _Id] = None,
        site: Annotated[str | None, _Id] = None,
        since: Annotated[datetime | None, Query(alias="from", description="With its zone.")] = None,
        until: Annotated[datetime | None, Query(alias="to", description="Not included.")] = None,
    ) -> None:
        for name, moment in (("from", since), ("to", until)):
            if moment is not None and moment.tzinfo is None:
                raise BadRequestError(f"query.{name}", "name the time zone, as in 2026-03-01T08:00:00Z or ...+08:00")
        within = reach_of(here, who).within(Permission.VIEW_AUDIT)
        sites = None if within is None else within.sites
        if site is not None:
            sites = frozenset({site}) if sites is None else sites & {site}
        self.which = Which(
            account=account,
            actor=actor,
            actions=None if action is None else tuple(action),
            outcome=outcome,
            kind=kind,
            id=object_id,
            camera=camera,
            sites=None if sites is None else sorted(sites),
            since=since,
            until=until,
        )
        self._request = request

    def tell(self, action: Action) -> None:
        """Have it stand in the log what was looked for."""
        asked = "&".join(f"{name}={value}" for name, value in self._request.query_params.items() if name != "cursor")
        note(self._request, action, kind="audit", id="", looked_for=asked or None)


@router.get("/audit", summary="Who did what")
def entries(
    here: Here, wanted: Annotated[Wanted, Depends()], cursor: Cursor = None, limit: Limit = 100
) -> Page[AuditEntryView]:
    """Entries of the audit log, the newest first."""
    found = here.audit.log.entries(wanted.which, before=decode_number(cursor), limit=limit + 1)
    wanted.tell(Action.SEARCH)
    following = encode(str(found[limit - 1].number)) if len(found) > limit else None
    return Page(items=[AuditEntryView(**row_of(each)) for each in found[:limit]], next=following)


@router.get("/audit.csv", summary="Who did what, as a table", response_class=StreamingResponse, responses=_CSV)
def table(here: Here, wanted: Annotated[Wanted, Depends()]) -> StreamingResponse:
    """All entries that fit, the oldest first."""
    wanted.tell(Action.EXPORT)
    rows = table_of(here.audit.log.all_of(wanted.which))
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return StreamingResponse(rows, media_type="text/csv", headers=headers)


@router.get("/audit/verify", summary="Check the whole log")
def verify(
    here: Here,
    who: Auditor,
    again: Annotated[bool, Query(description="Begin another check if none runs; else the newest is told.")] = False,  # noqa: FBT002
) -> AuditCheckView:
    """Whether every entry fits the one before, and the signed heads. A long log takes seconds: ask again."""
    everywhere(here, who, Permission.VIEW_AUDIT)
    return check_view(here.audit.check(again=again))


def check_view(check: Check) -> AuditCheckView:
    """A check as the API and the command line tell it."""
    verdict = check.verdict
    return AuditCheckView(
        state=check.state,
        began=check.began,
        ended=check.ended,
        entries=check.entries,
        checked=check.checked,
        good=check.is_good,
        broken=None if verdict is None else verdict.broken,
        fault=None if verdict is None or verdict.fault is None else verdict.fault.value,
        problem=check.words or None,
        heads=0 if verdict is None else verdict.heads,
        keys=list(check.keys),
        head=None if verdict is None else verdict.head.hash.hex(),
    )
