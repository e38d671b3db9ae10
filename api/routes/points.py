"""Points and tasks for volunteers: who has how many, what they are redeemed for, and what gives them.

Everybody reads his own statement. The room, and wardens while they answer for an area, look at others', redeem, and
confirm what volunteers did; never their own.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from alerts.store.points import Entry, Progress, VolunteerTask
from api.access.auth import needs
from api.access.reaching import reach_of
from api.errors import BadRequestError, ForbiddenError
from api.paging import Cursor, Limit, Page, decode_number, encode
from api.parts import Here, Parts
from api.schemas.points import (
    BalanceView,
    EntryView,
    OfferBody,
    RedeemBody,
    SendBackBody,
    StatementView,
    TaskNoteBody,
    TaskView,
)
from hub.access import Permission, Principal, Role
from hub.errors import NotFoundError
from hub.reach import Within

router = APIRouter(prefix="/api/v1", tags=["points"])
Holder = Annotated[Principal, Depends(needs(Permission.SEND_REPORTS))]
Offerer = Annotated[Principal, Depends(needs(Permission.OFFER_TASKS))]


def _rewarder(here: Here, who: Annotated[Principal, Depends(needs(Permission.REWARD))]) -> Principal:
    if who.role == Role.RESPONDER and not here.desk.grid().duties_of(who.name, here.clock.now()):
        raise ForbiddenError("this is for the room, and for wardens while they answer for an area")
    if who.role != Role.RESPONDER and not reach_of(here, who).may(Permission.REWARD):
        raise ForbiddenError("your account has no grant for this")
    return who


Rewarder = Annotated[Principal, Depends(_rewarder)]


@router.get("/me/points", summary="My points")
def mine(here: Here, who: Holder, cursor: Cursor = None, limit: Limit = 50) -> StatementView:
    """Your balance, and what it is made of, the newest first."""
    return _statement(here, who.name, cursor, limit)


@router.get("/points", summary="Who has how many points")
def balances(here: Here, _who: Rewarder) -> list[BalanceView]:
    """Everybody who ever had points, the most first."""
    return [BalanceView(account=name, balance=has) for name, has in here.reception.rewarding.balances()]


@router.get("/points/{account}", summary="Somebody's points")
def statement(here: Here, _who: Rewarder, account: str, cursor: Cursor = None, limit: Limit = 50) -> StatementView:
    """The balance of an account, and what it is made of, the newest first."""
    return _statement(here, account, cursor, limit)


@router.post("/points/{account}/redeem", summary="Give something for points")
def redeem(here: Here, who: Rewarder, account: str, body: RedeemBody) -> EntryView:
    """Give something for points; the same `key` again is the same redemption, and costs once."""
    entry = here.reception.rewarding.redeem(account, who, item=body.item, amount=body.amount, key=body.key)
    return _entry(entry)


@router.get("/tasks", summary="Tasks for volunteers")
def tasks(
    *,
    here: Here,
    who: Holder,
    state: Annotated[Progress | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[TaskView]:
    """What is offered and what you took; for the room and wardens all of them. The newest first."""
    found = here.reception.volunteering.listed(
        who, state=state, within=_within(here, who), before=decode_number(cursor), limit=limit + 1
    )
    return Page(
        items=[_task(task) for task in found[:limit]],
        next=encode(str(found[limit - 1].seq)) if len(found) > limit else None,
    )


@router.post("/tasks", summary="Offer a task", status_code=201)
def offer(here: Here, who: Offerer, body: OfferBody) -> TaskView:
    """Offer a small task to residents, with the points that it gives."""
    community, within = here.revisions.current(), reach_of(here, who).within(Permission.OFFER_TASKS)
    if within is not None and body.site is None and body.area is None:
        raise ForbiddenError("name a place of yours: without one it is for the whole community")
    for name, known in (("site", community.sites), ("area", community.areas)):
        given = getattr(body, name)
        there = {each.id for each in known} if within is None else getattr(within, f"{name}s")
        if given is not None and given not in there:
            raise BadRequestError(f"body.{name}", f"there is no {name} {given}")
    if body.until is not None and body.until.tzinfo is None:
        raise BadRequestError("body.until", "give the time zone, as 2026-03-01T08:00:00+08:00 or ...Z")
    offered = here.reception.volunteering.offer(
        who, body.text, points=body.points, site=body.site, area=body.area, until=body.until
    )
    return _task(offered)


@router.get("/tasks/{task_id}", summary="One task")
def task(here: Here, who: Holder, task_id: str) -> TaskView:
    """A task that is offered, that you took, or for the room and wardens any."""
    return _task(_found(here, who, task_id))


@router.post("/tasks/{task_id}/take", summary="I do it")
def take(here: Here, who: Holder, task_id: str) -> TaskView:
    """Take a task on; who is first has it."""
    return _task(here.reception.volunteering.take(task_id, who))


@router.post("/tasks/{task_id}/give-back", summary="I cannot do it")
def give_back(here: Here, who: Holder, task_id: str, body: TaskNoteBody | None = None) -> TaskView:
    """Leave a task that you took to others."""
    return _task(here.reception.volunteering.give_back(task_id, who, "" if body is None else body.note))


@router.post("/tasks/{task_id}/done", summary="I did it")
def done(here: Here, who: Holder, task_id: str, body: TaskNoteBody | None = None) -> TaskView:
    """Say that you did it; a warden or the room confirms it."""
    return _task(here.reception.volunteering.finish(task_id, who, "" if body is None else body.note))


@router.post("/tasks/{task_id}/confirm", summary="It was done")
def confirm(here: Here, who: Rewarder, task_id: str, body: TaskNoteBody | None = None) -> TaskView:
    """Confirm that somebody did it, which gives the points."""
    _found(here, who, task_id, Permission.REWARD)
    return _task(here.reception.volunteering.confirm(task_id, who, "" if body is None else body.note))


@router.post("/tasks/{task_id}/send-back", summary="It was not done")
def send_back(here: Here, who: Rewarder, task_id: str, body: SendBackBody) -> TaskView:
    """Say that it is to be done again; what it gave is taken back."""
    _found(here, who, task_id, Permission.REWARD)
    return _task(here.reception.volunteering.send_back(task_id, who, body.note))


@router.post("/tasks/{task_id}/withdraw", summary="Offer it no longer")
def withdraw(here: Here, who: Offerer, task_id: str, body: TaskNoteBody | None = None) -> TaskView:
    """Take an offer back, also from who took it and has not done it."""
    _found(here, who, task_id, Permission.OFFER_TASKS)
    return _task(here.reception.volunteering.withdraw(task_id, who, "" if body is None else body.note))


def _within(here: Parts, who: Principal, permission: Permission = Permission.REWARD) -> Within | None:
    """Where somebody judges tasks: in the room where he reaches, wardens wherever they are asked."""
    return None if who.role == Role.RESPONDER else reach_of(here, who).within(permission)


def _found(here: Parts, who: Principal, task_id: str, judging: Permission | None = None) -> VolunteerTask:
    """A task that somebody sees, and where he may do that with it.

    Raises:
        NotFoundError: There is none, or it is not for him.
    """
    found = here.reception.volunteering.one(task_id, who, within=_within(here, who))
    within = None if judging is None else _within(here, who, judging)
    if within is not None and not within.held(site=found.site, area=found.area):
        raise NotFoundError(f"no task {task_id}")
    return found


def _statement(here: Parts, account: str, cursor: str | None, limit: int) -> StatementView:
    balance, entries = here.reception.rewarding.statement(account, before=decode_number(cursor), limit=limit + 1)
    return StatementView(
        account=account,
        balance=balance,
        entries=[_entry(entry) for entry in entries[:limit]],
        next=encode(str(entries[limit - 1].seq)) if len(entries) > limit else None,
    )


def _entry(entry: Entry) -> EntryView:
    return EntryView(
        seq=entry.seq, at=entry.at, delta=entry.delta, reason=entry.reason, ref=entry.ref, note=entry.note, by=entry.by
    )


def _task(task: VolunteerTask) -> TaskView:
    return TaskView.model_validate(task, from_attributes=True)
