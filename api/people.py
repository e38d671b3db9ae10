"""People: who may sign in, how, and where they may do what; put together in one place."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from api.access.limits import Limits
from api.access.oidc import Provider
from api.access.reaches import Reaches
from api.audit_desk import AuditDesk
from api.households import Households
from config.machine import Machine
from hub.audit import Action, Detail, Entry, Outcome
from hub.clock import Clock
from hub.names import is_spoken_for
from hub.networks import webhooks_allowed
from hub.store.audit import SYSTEM
from hub.store.database import Database
from hub.store.people.accounts import LOCKED, Account, Accounts
from hub.store.people.api_keys import ApiKeys
from hub.store.people.grants import Grants
from hub.store.people.invitations import Invitations
from hub.store.people.outside import OutsideIdentities
from hub.store.people.second_factors import SecondFactors
from hub.store.people.sign_ins import SignIns
from hub.store.revisions import Revisions


@dataclass(frozen=True, slots=True)
class PeopleDesk:
    """What is known of people.

    Attributes:
        grants: Who may do what where.
        reaches: What that amounts to now, for whoever asks.
        sign_ins: Where who is signed in.
        second_factors: Codes beside passwords.
        room_needs_second_factor: Whether who works in the room can do nothing without one.
        keys: For devices and services.
        invitations: By which residents make their accounts.
        outside: Who signs in through a provider.
        provider: That provider, if there is one.
        limits: What was tried of late.
    """

    grants: Grants
    reaches: Reaches
    sign_ins: SignIns
    second_factors: SecondFactors
    room_needs_second_factor: bool
    keys: ApiKeys
    invitations: Invitations
    outside: OutsideIdentities
    provider: Provider | None
    limits: Limits


def make_people(
    machine: Machine,
    database: Database,
    clock: Clock,
    *,
    accounts: Accounts,
    revisions: Revisions,
    audit: AuditDesk,
    households: Households,
) -> PeopleDesk:
    """The desk of a hub; nothing of it runs by itself."""
    grants = Grants(database, clock)
    oidc = machine.sign_in.oidc

    def tell_locked(connection: Any, account: Account) -> None:
        more: dict[str, Detail] = {"name": account.username, "locked_s": int(LOCKED.total_seconds())}
        entry = Entry(
            clock.now(), Action.SIGN_IN, Outcome.REFUSED, actor=SYSTEM, kind="account", id=account.id, more=more
        )
        audit.log.add(connection, entry)

    def spoken_for(name: str, sites: Collection[str]) -> bool:
        return is_spoken_for(revisions.current(), name, sites)

    accounts.tell_of_locks(tell_locked)
    return PeopleDesk(
        grants=grants,
        reaches=Reaches(grants, revisions, clock, named=households.contact_homes.of),
        sign_ins=SignIns(database, clock),
        second_factors=SecondFactors(database, clock),
        room_needs_second_factor=machine.sign_in.second_factor == "required",
        keys=ApiKeys(database, clock),
        invitations=Invitations(
            database, clock, accounts, made=grants.forget, spoken_for=spoken_for, must_wait=households.must_wait
        ),
        outside=OutsideIdentities(database, clock, accounts, spoken_for=spoken_for),
        provider=None if oidc is None else Provider(oidc, clock, allowed=webhooks_allowed(machine.networks)),
        limits=Limits(clock),
    )
