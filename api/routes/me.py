"""Me: what whoever is signed in sees and changes of himself: password, second factor, and where he is signed in."""

from __future__ import annotations

import hashlib

import segno
from fastapi import APIRouter, Request

from api.access.auditing import note
from api.access.auth import ROOM, Person, Someone
from api.access.limits import Kind
from api.access.reaching import reach_of, reach_view
from api.errors import BadRequestError
from api.paging import Page
from api.parts import Here, Parts
from api.schemas.accounts import (
    CodeBody,
    IdentityView,
    Me,
    PasswordBody,
    RecoveryCodes,
    SecondFactorBegun,
    SecondFactorRemoval,
    SecondFactorView,
    SignInView,
)
from hub.access import permissions
from hub.audit import Action
from hub.errors import NotAllowedError, NotFoundError
from hub.store.people.outside import Identity

router = APIRouter(prefix="/api/v1", tags=["me"])


@router.get("/me", summary="Who am I")
def me(here: Here, asker: Someone) -> Me:
    """Who is signed in, what the role, or the key, allows, and where."""
    who = asker.principal
    reach = reach_view(reach_of(here, who))
    return Me(id=who.id, username=who.name, role=who.role, may=sorted(permissions(who)), reach=reach)


@router.put("/me/password", summary="Change my password", status_code=204)
def change_password(here: Here, asker: Person, request: Request, body: PasswordBody) -> None:
    """Choose another password. Every sign-in of this account ends, this one too: sign in again with the new one."""
    who = asker.principal
    here.people.limits.take(Kind.PROOF, who.id)
    note(request, Action.CHANGE, kind="account", id=who.id, changed=["password"])
    if not here.accounts.knows_password(who.id, body.old, here.clock.now()):
        raise BadRequestError("body.old", "this is not the password of this account, or it is locked for a while")
    here.accounts.set_password(who.id, body.new)
    here.live.sign_out(who.id)


@router.get("/me/sign-ins", summary="Where I am signed in")
def sign_ins(here: Here, asker: Person) -> Page[SignInView]:
    """Where this account is signed in, the newest use first; there are few, so they come on one page."""
    return Page(
        items=[
            SignInView(
                family=each.family,
                began=each.began,
                used=each.used,
                address=each.address,
                agent=each.agent,
                through=each.through,
                this=each.family == asker.family,
            )
            for each in here.people.sign_ins.of(asker.principal.id)
        ]
    )


@router.delete("/me/sign-ins/{family}", summary="Sign out there", status_code=204)
def end_sign_in(here: Here, asker: Person, request: Request, family: str) -> None:
    """End one sign-in: its access and refresh tokens are good for nothing from now on, and live pictures end."""
    note(request, Action.SIGN_OUT, kind="account", id=asker.principal.id, family=family[:64])
    here.people.sign_ins.end(asker.principal.id, family)
    here.live.sign_out(asker.principal.id)


@router.get("/me/second-factor", summary="My second factor")
def second_factor(here: Here, asker: Person) -> SecondFactorView:
    """Whether this account has a second factor, and has to have one."""
    found = here.people.second_factors.of(asker.principal.id)
    confirmed = found is not None and found.confirmed
    return SecondFactorView(
        confirmed=confirmed,
        required=here.people.room_needs_second_factor and asker.principal.role in ROOM,
        recovery_codes_left=found.recovery_left if found is not None and confirmed else 0,
    )


@router.post("/me/second-factor", summary="Begin a second factor", status_code=201)
def begin_second_factor(here: Here, asker: Person, request: Request) -> SecondFactorBegun:
    """Get a secret for a telephone (TOTP), which counts once a code of it was sent to `confirm`.

    Asking once more gives another secret.
    """
    note(request, Action.CHANGE, kind="account", id=asker.principal.id, changed=["second factor"], step="begun")
    secret = here.people.second_factors.begin(asker.principal.id)
    address = here.people.second_factors.address(secret, asker.principal.name)
    return SecondFactorBegun(secret=secret, uri=address, qr=drawn(address))


@router.post("/me/second-factor/confirm", summary="Confirm it with a code")
def confirm_second_factor(here: Here, asker: Person, request: Request, body: CodeBody) -> RecoveryCodes:
    """Show that the telephone gives the right code; from now on one is asked for at each sign-in by password.

    The recovery codes are for a lost telephone, each for once, and are not shown again.
    """
    here.people.limits.take(Kind.PROOF, asker.principal.id)
    note(request, Action.CHANGE, kind="account", id=asker.principal.id, changed=["second factor"], step="confirmed")
    try:
        codes = here.people.second_factors.confirm(asker.principal.id, body.code)
    except NotAllowedError as error:
        raise BadRequestError("body.code", str(error)) from error
    return RecoveryCodes(recovery_codes=list(codes))


@router.post("/me/second-factor/remove", summary="Remove it", status_code=204)
def remove_second_factor(here: Here, asker: Person, request: Request, body: SecondFactorRemoval) -> None:
    """Sign in without a code from now on; takes the password and a code, of the telephone or for its loss."""
    who = asker.principal
    here.people.limits.take(Kind.PROOF, who.id)
    note(request, Action.CHANGE, kind="account", id=who.id, changed=["second factor"], step="removed")
    found = here.people.second_factors.of(who.id)
    if found is None or not found.confirmed:
        raise NotFoundError("this account has no second factor")
    if not here.accounts.confirm(who.id, body.password, here.clock.now(), code=body.code):
        raise BadRequestError("body.password", "this is not the password, or the account is locked for a while")
    here.people.second_factors.remove(who.id)


@router.get("/me/outside-identities", summary="Who I am at the provider")
def outside_identities(here: Here, asker: Person) -> Page[IdentityView]:
    """The persons of the sign-in provider that this account is."""
    return Page(items=identity_views(here, asker.principal.id))


@router.delete("/me/outside-identities/{identity_id}", summary="Be that no more", status_code=204)
def unlink(here: Here, asker: Person, request: Request, identity_id: str) -> None:
    """Sign in through the provider no more."""
    note(
        request,
        Action.TAKE_BACK,
        kind="account",
        id=asker.principal.id,
        changed=["outside identity"],
        identity=identity_id,
    )
    here.people.outside.unlink(asker.principal.id, identity_of(here, asker.principal.id, identity_id))


def identity_views(here: Parts, account_id: str) -> list[IdentityView]:
    """The outside identities of an account, as they are shown."""
    return [
        IdentityView(id=id_of(each), issuer=each.issuer, subject=each.subject, linked=each.linked)
        for each in here.people.outside.of(account_id)
    ]


def identity_of(here: Parts, account_id: str, identity_id: str) -> Identity:
    """One of them by its id.

    Raises:
        NotFoundError: The account has none such.
    """
    found = next((each for each in here.people.outside.of(account_id) if id_of(each) == identity_id), None)
    if found is None:
        raise NotFoundError("no such identity")
    return found


def id_of(identity: Identity) -> str:
    """What stands for an identity in an address: a subject may hold anything."""
    return hashlib.sha256(f"{identity.issuer}\n{identity.subject}".encode(errors="replace")).hexdigest()[:32]


def drawn(text: str) -> str:
    """A QR code as SVG."""
    return segno.make(text, error="m", micro=False).svg_inline(scale=4, border=4, dark="#000", light="#fff")
