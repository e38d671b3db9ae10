"""Channel settings: the kinds of channels with their forms; adding, changing and removing a notifier of the Community.

For who may change all of the Community, and checked as all of it is. An address or secret goes in and comes out hidden;
sent back hidden it stays, unless what it is sent to was changed. Removing a channel takes it from everybody who is told
over it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api import etags
from api.access.auditing import note
from api.access.whole import CommunityKeeper
from api.channel_forms import channel_kinds
from api.errors import BadRequestError, ChangedMeanwhileError
from api.etags import IfMatch
from api.parts import Here, Parts
from api.schemas.channels import ChannelKindView, ChannelSettingsView
from config.community import Community, Contact, Notifier
from config.hiding import plain, restored
from config.messages import Problem
from config.paths import write_path
from hub.access import Principal
from hub.audit import Action
from hub.errors import ConfigurationError, ConflictError, Mistake, NotFoundError

router = APIRouter(prefix="/api/v1", tags=["notices"])

DryRun = Annotated[bool, Query(description="Say what would be, or every mistake; change nothing.")]
_REFERENCES = ("env:", "file:")
Edit = Callable[[Community], Community]


@router.get("/notices/channel-kinds", summary="Kinds of channels")
def kinds(_who: CommunityKeeper) -> list[ChannelKindView]:
    """Every kind that is installed, with the JSON Schema of its options."""
    return channel_kinds()


@router.post("/notices/channels", summary="Add a channel", status_code=201)
def add(
    *, here: Here, who: CommunityKeeper, request: Request, body: Notifier, response: Response, dry_run: DryRun = False
) -> ChannelSettingsView:
    """Add a notifier. 409 where one has its id already."""
    _no_references(body)

    def edit(community: Community) -> Community:
        if any(each.id == body.id for each in community.notifiers):
            raise ConflictError(f"there is a notifier {body.id!r} already")
        return _whole(community, (*community.notifiers, body))

    made = _made(here, who, edit, reason=f"notifier {body.id} added", dry_run=dry_run)
    if dry_run:
        response.status_code = 200
    else:
        note(request, Action.CHANGE, kind="notifier", id=body.id, did="add")
        response.headers["Location"] = f"/api/v1/notices/channels/{body.id}"
    return _one(here, made, body.id, response)


@router.get("/notices/channels/{channel_id}", summary="Settings of a channel")
def settings(here: Here, _who: CommunityKeeper, channel_id: str, response: Response) -> ChannelSettingsView:
    """Its settings with `***` for what is hidden, and who is told over it; its ETag is what a change must name."""
    return _one(here, here.revisions.current(), channel_id, response)


@router.put("/notices/channels/{channel_id}", summary="Change a channel")
def change(
    *,
    here: Here,
    who: CommunityKeeper,
    request: Request,
    channel_id: str,
    body: Notifier,
    response: Response,
    if_match: IfMatch = None,
    dry_run: DryRun = False,
) -> ChannelSettingsView:
    """Replace its settings. `***` keeps what it hides, as long as the kind and the options stay as they are."""
    expected = etags.required(if_match)
    if body.id != channel_id:
        raise BadRequestError("body.id", f"the address says {channel_id!r}; an id does not change")
    _no_references(body)

    def edit(community: Community) -> Community:
        before = _unchanged(community, channel_id, expected)
        return _whole(community, tuple(body if each is before else each for each in community.notifiers))

    made = _made(here, who, edit, reason=f"notifier {channel_id} changed", dry_run=dry_run)
    if not dry_run:
        note(request, Action.CHANGE, kind="notifier", id=channel_id, did="change")
    return _one(here, made, channel_id, response)


@router.delete("/notices/channels/{channel_id}", summary="Remove a channel", status_code=204)
def remove(*, here: Here, who: CommunityKeeper, request: Request, channel_id: str, if_match: IfMatch = None) -> None:
    """Remove it, and take it from everybody who is told over it, whoever chose that."""
    expected = etags.required(if_match)

    def edit(community: Community) -> Community:
        before = _unchanged(community, channel_id, expected)
        left = tuple(each for each in community.notifiers if each is not before)
        contacts = tuple(_without(each, channel_id) for each in community.contacts)
        return community.model_copy(update={"notifiers": left, "contacts": contacts})

    here.revisions.change(edit, author=who.name, reason=f"notifier {channel_id} removed")
    for account in here.delivery.told_over(channel_id):  # they chose it themselves
        here.delivery.choose(_without(here.delivery.contact(account), channel_id))
    note(request, Action.CHANGE, kind="notifier", id=channel_id, did="remove")


def _no_references(notifier: Notifier) -> None:
    """Refuse what may stand in a file on this machine but not come over the network: it could send any file away.

    Raises:
        BadRequestError: Its secret names a variable or a file of the hub.
    """
    if notifier.secret is not None and notifier.secret.reference.startswith(_REFERENCES):
        raise BadRequestError(
            "body.secret", "env: and file: are for community.yaml on the hub; write the secret itself"
        )


def _whole(community: Community, notifiers: tuple[Notifier, ...]) -> Community:
    """The Community with these notifiers, and what they have hidden put back.

    Raises:
        ConfigurationError: Something is hidden that is not known.
    """
    made, hidden = restored(community.model_copy(update={"notifiers": notifiers}), community)
    if hidden:
        raise ConfigurationError(tuple(_mistake(each) for each in hidden))
    return made


def _mistake(problem: Problem) -> Mistake:
    return Mistake(None, write_path(problem.location), problem.message)


def _made(here: Parts, who: Principal, edit: Edit, *, reason: str, dry_run: bool) -> Community:
    """What comes of a change; in force, unless it is only thought of.

    Raises:
        ConfigurationError: It has mistakes.
    """
    if not dry_run:
        here.revisions.change(edit, author=who.name, reason=reason)
        return here.revisions.current()
    wished = edit(here.revisions.current())
    if mistakes := here.revisions.mistakes(wished):
        raise ConfigurationError(mistakes)
    return wished


def _one(here: Parts, community: Community, channel_id: str, response: Response) -> ChannelSettingsView:
    found = _known(community, channel_id)
    hidden = next(each for each in plain(community)["notifiers"] if each["id"] == channel_id)
    response.headers["ETag"] = _etag(found)
    return ChannelSettingsView.model_validate({**hidden, "told": here.delivery.told_over(channel_id)})


def _known(community: Community, channel_id: str) -> Notifier:
    found = next((each for each in community.notifiers if each.id == channel_id), None)
    if found is None:
        raise NotFoundError(f"no notifier {channel_id!r}")
    return found


def _unchanged(community: Community, channel_id: str, expected: str) -> Notifier:
    """The notifier as it is, if it is what the client read.

    Raises:
        NotFoundError: It is gone.
        ChangedMeanwhileError: It was changed since.
    """
    found = _known(community, channel_id)
    etag = _etag(found)
    if expected not in ("*", etag):
        hidden = next(each for each in plain(community)["notifiers"] if each["id"] == channel_id)
        raise ChangedMeanwhileError(f"notifier {channel_id} was changed since you read it", current=hidden, etag=etag)
    return found


def _etag(notifier: Notifier) -> str:
    # With the secret in, so that changing only that is a change; the digest does not give it away.
    return etags.of_content(notifier.model_dump(mode="json", context={"secrets": True}))


def _without(contact: Contact, channel_id: str) -> Contact:
    left = tuple(each for each in contact.channels if each.via != channel_id)
    return contact if len(left) == len(contact.channels) else contact.model_copy(update={"channels": left})
