"""The live feed as server-sent events. What it is made of is in `api/feed.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from alerts.incidents.views import JournalEntry
from api.access.auth import Someone, is_still_in, needs
from api.access.feed_sight import FeedSight
from api.access.sight import SEERS
from api.errors import BadRequestError
from api.feed import ASIDE, TOPICS, Wish
from api.parts import Here
from api.schemas.feed import entry_view
from hub.access import Principal

router = APIRouter(prefix="/api/v1", tags=["feed"])

_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events: `event` is the topic, `id` the place, `data` a journal entry.",
        "content": {
            "text/event-stream": {
                "schema": {"type": "string"},
                "example": 'id: 41\nevent: incident\ndata: {"seq": 41, "move": "acknowledged"}\n\n',
            }
        },
    }
}


@router.get(
    "/feed",
    summary="What happens, live",
    response_class=StreamingResponse,
    responses=_STREAM,
)
async def feed(
    *,
    here: Here,
    asker: Someone,
    who: Annotated[Principal, Depends(needs(*SEERS))],
    topics: Annotated[str, Query(description=f"Of {', '.join((*TOPICS, *ASIDE))}; comma between.")] = ",".join(TOPICS),
    last_event_id: Annotated[
        str | None, Header(description="Number of the last entry you have; what came after it is sent first.")
    ] = None,
) -> StreamingResponse:
    """Incidents, alerts, health and rules as they change, from now on or from where you left off, without a gap.

    What happens where your grants reach; machine health and the like is for who reaches everything. The stream ends
    within seconds after nothing is left of that.

    Who is sent to incidents gets what becomes of his own orders, and the moves of the incidents that are for him.

    What a rule in the shadow would have raised (`shadow`) and what was withheld (`withheld`) comes for the asking.

    The first event is `hello` with the number to resume from; `resumed` is false when that is not where you left off,
    and then the lists should be read anew. A comment comes every 15 s. The stream ends when the access token does.
    """
    wanted = frozenset(topics.split(","))
    if not wanted <= {*TOPICS, *ASIDE}:
        raise BadRequestError("query.topics", f"write some of {', '.join((*TOPICS, *ASIDE))}, comma between")
    after = None
    if last_event_id is not None:
        if not last_event_id.isascii() or not last_event_id.isdigit() or len(last_event_id) > 18:  # noqa: PLR2004
            raise BadRequestError("header.Last-Event-ID", "write the id of an event of this feed")
        after = int(last_event_id)

    here.feed.admit()
    sight = await run_in_threadpool(FeedSight, here, who)

    def show(entry: JournalEntry) -> Mapping[str, Any] | None:
        body = sight.shown(entry)
        return None if body is None else entry_view(replace(entry, body=body), here.revisions.current().colours)

    def goes_on() -> bool:
        return is_still_in(here, asker) and sight.goes_on()

    stream = here.feed.stream(Wish(after, asker.expires, wanted, show, goes_on))
    headers = {"X-Accel-Buffering": "no"}  # or nginx holds events back
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)
