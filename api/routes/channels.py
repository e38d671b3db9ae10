"""Channels: the notifiers of the Community, how each does, and trying one.

For who sets the hub up. A test goes the way that real notices go and says in words that it is one; no address is shown
here, and none is taken that was not set up before: a test makes the hub call nowhere else.
"""

from __future__ import annotations

from fastapi import APIRouter, Request

from alerts.notices.delivery import DeliveryStatus
from alerts.notices.notice import Delivered, TryLater
from api.access.auditing import note
from api.access.limits import Kind
from api.access.reaching import reached_area
from api.access.whole import CommunityKeeper
from api.parts import Here
from api.schemas.notices import ChannelsView, ChannelView, ReachedView, TestNoticeBody, TestNoticeView
from config.community import Notifier
from hub.access import Permission
from hub.audit import Action, Outcome

router = APIRouter(prefix="/api/v1", tags=["notices"])


@router.get("/notices/channels", summary="Channels, and how they do")
def channels(here: Here, _who: CommunityKeeper) -> ChannelsView:
    """Every notifier with its state, and who is told over those for people; addresses and secrets are not shown."""
    community = here.revisions.current()
    status = {each.notifier: each for each in here.delivery.status()}
    offline = {row.source for row in here.event_log.health() if row.kind == "notifier.health" and row.state != "online"}
    there = {each.username for each in here.accounts.list() if not each.disabled}
    people = [here.delivery.contact(account) for account in sorted({each.account for each in community.contacts})]
    return ChannelsView(
        channels=[_channel(each, status.get(each.id), works=each.id not in offline) for each in community.notifiers],
        people=[
            ReachedView(
                account=each.account,
                language=each.language,
                channels=[channel.via for channel in each.channels],
                sites=list(each.sites),
                exists=each.account in there,
            )
            for each in people
        ],
    )


@router.post("/notices/test", summary="Try a channel")
def try_channel(here: Here, who: CommunityKeeper, request: Request, body: TestNoticeBody) -> TestNoticeView:
    """Send one message over a channel that says it is a test, and tell what became of it. A loudspeaker speaks it.

    It goes past what waits and stands in no ledger; the audit log has it.
    """
    here.people.limits.take(Kind.PROBE, who.id)
    if body.area is not None:
        reached_area(here, who, Permission.EDIT_COMMUNITY, body.area)
    began_s = here.clock.monotonic_s()
    outcome = here.delivery.test(body.recipient, here.delivery.contact(body.account or who.name), body.area)
    arrived = isinstance(outcome, Delivered)
    went = Outcome.DONE if arrived else Outcome.FAILED
    note(request, Action.SETTING_UP, kind="notifier", id=body.recipient, outcome=went, did="test")
    return TestNoticeView(
        recipient=body.recipient,
        arrived=arrived,
        again=isinstance(outcome, TryLater),
        reason="" if isinstance(outcome, Delivered) else outcome.reason,
        took_s=round(here.clock.monotonic_s() - began_s, 3),
    )


def _channel(notifier: Notifier, status: DeliveryStatus | None, *, works: bool) -> ChannelView:
    return ChannelView(
        id=notifier.id,
        kind=notifier.kind,
        people=notifier.people,
        at_least=notifier.at_least,
        language=notifier.language,
        areas=list(notifier.areas),
        kinds=list(notifier.kinds),
        hours=bool(notifier.hours or notifier.quiet),
        works=works and status is not None and not status.trouble,
        door="none" if status is None else status.door.value,
        waiting=0 if status is None else status.behind,
        delivered=0 if status is None else status.delivered,
        given_up=0 if status is None else status.given_up,
        trouble="" if status is None else status.trouble,
    )
