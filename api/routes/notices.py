"""Notices: what was told whom and what became of it, what would be told, and how somebody wants to be told.

The ledger and the dry run are for the room and show no addresses. How one is told oneself is everybody's own affair;
the addresses go over notifiers that were set up for people, so nobody can make the hub call anywhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from alerts.incidents.incident import ENGINE
from alerts.language.kinds import ALERT_KINDS
from alerts.notices.wording import KNOWN_MOVES, Move
from alerts.store.outbox import State
from api.access.auth import Someone, needs
from api.access.reaching import reach_of, reached_area, reached_site
from api.access.sight import seen, sight_of
from api.errors import BadRequestError
from api.paging import Cursor, Limit, Page, decode, encode
from api.parts import Here, Parts
from api.schemas.notices import (
    DecisionView,
    DryRunBody,
    DryRunView,
    NoticeView,
    PreferencesBody,
    PreferencesView,
    WayView,
)
from api.telephones import phone_of, settled
from config.community import Contact
from hub.access import Permission, Principal

router = APIRouter(prefix="/api/v1", tags=["notices"])
Viewer = Annotated[Principal, Depends(needs(Permission.VIEW_INCIDENTS))]

_NOT_YET: Mapping[str, Any] = MappingProxyType(
    {"number": 0, "handling": "new", "verdict": "none", "active": True, "muted": False, "display": "shown"}
)
"""Of an incident that is only thought of."""


@router.get("/notices", summary="What was told whom")
def notices(
    *,
    here: Here,
    who: Viewer,
    incident: Annotated[str | None, Query(description="Of this incident.")] = None,
    recipient: Annotated[str | None, Query(description="To this notifier.")] = None,
    account: Annotated[str | None, Query(description="To this person.")] = None,
    state: Annotated[State | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[NoticeView]:
    """What was to be told whom of incidents that you see, what became of it and why, the newest first."""
    place = decode(cursor, parts=1)
    if place is not None and not (place[0].isascii() and place[0].isdigit()):
        raise BadRequestError("query.cursor", "this is no cursor of this list")
    found = here.delivery.ledger(
        incident=incident,
        recipient=recipient,
        account=account,
        state=state,
        within=sight_of(here, who).within,
        before=None if place is None else int(place[0]),
        limit=limit + 1,
    )
    views = [NoticeView.model_validate(each, from_attributes=True) for each in found[:limit]]
    return Page(items=views, next=encode(str(found[limit - 1].id)) if len(found) > limit else None)


@router.post("/notices/dry-run", summary="Who would be told")
def dry_run(here: Here, who: Viewer, body: DryRunBody) -> DryRunView:
    """Who would be told what of a move, over which channel, and who not and why; nothing is sent or kept."""
    if body.move not in KNOWN_MOVES:
        raise BadRequestError("body.move", f"is no move; known are {', '.join(sorted(KNOWN_MOVES))}")
    _check_place(here, who, body)
    thought = _thought_of(here, body)
    at = body.at or here.clock.now()
    sent = () if body.incident is None else tuple(order.unit for order in here.desk.dispatching.orders(body.incident))
    kinds = {notifier.id: notifier.kind for notifier in here.revisions.current().notifiers}
    decisions = here.delivery.dry_run(Move(body.move, at, ENGINE, "", thought), sent)
    return DryRunView(
        decisions=[
            DecisionView(
                recipient=each.recipient,
                channel=kinds.get(each.recipient, ""),
                account=each.account,
                language=each.language,
                told=each.told,
                why=each.why,
                at=at,
                title=each.title,
                text=each.text,
            )
            for each in decisions
        ]
    )


@router.get("/me/notifications", summary="How I am told")
def preferences(here: Here, asker: Someone) -> PreferencesView:
    """Language, channels and hours in which I am told what is mine, and the ways there are."""
    return _preferences(here, here.delivery.contact(asker.principal.name))


@router.put("/me/notifications", summary="Choose how I am told")
def choose(here: Here, asker: Someone, body: PreferencesBody) -> PreferencesView:
    """Say in which language, over which channels and when I want to be told what is mine."""
    ways = {way.id for way, _ in here.delivery.ways()}
    for number, channel in enumerate(body.channels):
        if channel.via not in ways:
            known = ", ".join(sorted(ways)) or "none"
            raise BadRequestError(f"body.channels[{number}].via", f"people cannot be told over this; known are {known}")
    name = asker.principal.name
    contact = Contact(account=name, **{field: getattr(body, field) for field in PreferencesBody.model_fields})
    if contact.phone == settled(here.revisions.current(), name):  # no choice of his: it follows the settings
        contact = contact.model_copy(update={"phone": None})
    here.delivery.choose(contact)
    return _preferences(here, contact)


def _check_place(here: Parts, who: Principal, body: DryRunBody) -> None:
    """Refuse what is out of somebody's reach.

    Raises:
        NotFoundError: There is no such incident, area or site, or it is not for him.
    """
    if body.incident is not None:
        seen(here, who, body.incident)
    if not reach_of(here, who).is_everywhere(Permission.VIEW_INCIDENTS):
        if body.site is not None:
            reached_site(here, who, Permission.VIEW_INCIDENTS, body.site)
        if body.area is not None:
            reached_area(here, who, Permission.VIEW_INCIDENTS, body.area)


def _preferences(here: Parts, contact: Contact) -> PreferencesView:
    chosen = {name: getattr(contact, name) for name in PreferencesBody.model_fields}
    chosen["phone"] = phone_of(here, contact.account)
    ways = [WayView(via=way.id, kind=way.kind, at_least=way.at_least) for way, _ in here.delivery.ways()]
    return PreferencesView(**chosen, available=ways)


def _thought_of(here: Parts, body: DryRunBody) -> Mapping[str, Any]:
    """The incident that is asked about, as JSON."""
    more = {} if body.unit is None else {"unit": body.unit}
    if body.incident is not None:
        known = here.alerts.incident(body.incident).to_json()
        return {**known, **more, **({} if body.level is None else {"level": body.level.value})}
    kind = ALERT_KINDS.get(body.kind or "")
    if kind is None or body.level is None:
        raise BadRequestError("body.kind", "is no kind of alert; docs/reference/rules.md lists them")
    site = here.revisions.current().site(body.site) if body.site else None
    name = {"zh": kind.zh, "en": kind.en}
    area = body.area or (None if site is None else site.area)
    return {
        **_NOT_YET, "id": "", "kind": kind.kind, "name": name, "text": name, "level": body.level.value,
        "site": body.site, "area": area, "camera": None, "escalated": 0, "reporter": None, "alerts": [], **more,
    }  # fmt: skip
