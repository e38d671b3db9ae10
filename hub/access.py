"""Access: the one place that decides who may do what, by role; `hub/reach.py` says where, by grants.

Deny by default: a permission nobody listed for a role is refused, and so is a role this version does not know. An
account has a role and grants: the role says what, each grant where and until when. Permissions of one's own reach what
that person was sent to, reported, or answers for now, which `api/access/sight.py` decides. An integrator sets devices
up and makes rules for them, and sees no pictures but those of a camera that is being set up. Pure and without state: no
store, no HTTP.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


class Role(enum.StrEnum):
    """What an account is for."""

    ADMINISTRATOR = "administrator"
    """Sets the hub up."""
    SUPERVISOR = "supervisor"
    """Leads the shift in the monitoring room."""
    OPERATOR = "operator"
    """Sits in the monitoring room."""
    RESPONDER = "responder"
    """Patrols, grid workers: goes there."""
    RESIDENT = "resident"
    """Lives here."""
    INTEGRATOR = "integrator"
    """Another system, or who installs devices."""


class Permission(enum.StrEnum):
    """One kind of thing that may be done."""

    VIEW_PLACES = "places.view"
    """Areas and sites."""
    ARM_PLACES = "places.arm"
    """Arm and disarm sites and areas."""
    VIEW_CAMERAS = "cameras.view"
    """Which cameras there are and how they do; no pictures."""
    VIEW_PICTURES = "pictures.view"
    """What cameras see: stills, live, recordings."""
    VIEW_OWN_PICTURES = "pictures.own"
    """What the cameras of one's own home see."""
    VIEW_SHARED_LIVE = "pictures.live"
    """Of a camera that was shared, what it sees now and nothing that it recorded."""
    RELEASE_EVIDENCE = "evidence.release"
    """Say that evidence of an incident is not needed any more."""
    DELETE_RECORDINGS = "recordings.delete"
    """Delete what the cameras of one's own home recorded."""
    VIEW_SENSORS = "sensors.view"
    """Sensors and their readings."""
    VIEW_EVENTS = "events.view"
    """What cameras and sensors said."""
    VIEW_REFUSALS = "refusals.view"
    """Messages that were not understood; they may hold anything."""
    VIEW_INCIDENTS = "incidents.view"
    """Alerts, incidents and their journal."""
    HANDLE_INCIDENTS = "incidents.handle"
    """Acknowledge, comment, resolve, reopen."""
    ANSWER_ORDERS = "orders.answer"
    """One's own orders: accept, decline, arrive, finish, and see the incident that each belongs to."""
    SEND_REPORTS = "reports.send"
    """Report what one sees, and follow it; take tasks, and see one's own points."""
    VIEW_REPORTS = "reports.view"
    """All reports, with who sent them and how to reach them."""
    OFFER_TASKS = "tasks.offer"
    """Offer tasks to volunteers."""
    REWARD = "points.reward"
    """Confirm what volunteers did, look at balances, and redeem points."""
    HIDE_ALARMS = "silences.make"
    """Silences: hide kinds of alerts at places for a while; how grave and how long goes by the role."""
    MAINTAIN_DEVICES = "devices.maintain"
    """Take devices out of service for maintenance."""
    VIEW_FIGURES = "figures.view"
    """How much the room has to bear, how fast it is, which rules are wrong; of people one's own alone."""
    VIEW_PEOPLES_FIGURES = "figures.people"
    """How fast each person is."""
    VIEW_RULES = "rules.view"
    """The rules in force."""
    EDIT_RULES = "rules.edit"
    """Change or reload them."""
    VIEW_COMMUNITY = "community.view"
    """The Community's revisions: who changed what."""
    EDIT_COMMUNITY = "community.edit"
    """Change areas, sites, cameras, zones and sensors."""
    VIEW_SYSTEM = "system.view"
    """How the hub itself does."""
    MANAGE_ACCOUNTS = "accounts.manage"
    """Make, change and disable accounts, and give grants."""
    INVITE_RESIDENTS = "residents.invite"
    """Invite who lives at a site, by link or code."""
    MANAGE_KEYS = "keys.manage"
    """Make API keys that do no more than one may oneself, and end them."""
    ADD_DEVICES = "devices.add"
    """Look for cameras and sensors, try them, and set them up."""
    MOVE_CAMERAS = "cameras.move"
    """Turn cameras that can be turned, where the room may watch."""
    MOVE_OWN_CAMERAS = "cameras.move_own"
    """Turn the cameras of one's own home."""
    PLAN_TOURS = "tours.plan"
    """Say what the room looks at on schedule."""
    BREAK_GLASS = "pictures.break_glass"
    """See a household's camera against its consent for some minutes; it is logged and its people are told."""
    DECIDE_CONSENT = "consent.decide"
    """Say what the cameras of one's own home are for, share them, and read who watched."""
    VIEW_AUDIT = "audit.view"
    """Who saw, changed and was refused what."""
    KEEP_BACKUPS = "backups.keep"
    """Take copies of everything but video."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks.

    Attributes:
        id: Account id.
        name: Account name, as it stands in the journal.
        role: A Role's value; text, because an account may have a role of another version.
        key: Id of the API key that asks for the account; None for the person.
        only: What that key is for; None for all that the role allows.
        cameras: Which cameras that key is for; None for all that the account's grants reach.
        sign_in: The sign-in by which the person asks; empty for none that is kept, and with a key.
    """

    id: str
    name: str
    role: str
    key: str | None = None
    only: frozenset[Permission] | None = None
    cameras: frozenset[str] | None = None
    sign_in: str = ""


_ROOM = frozenset(
    {
        Permission.VIEW_PLACES,
        Permission.ARM_PLACES,
        Permission.VIEW_CAMERAS,
        Permission.VIEW_PICTURES,
        Permission.VIEW_SENSORS,
        Permission.VIEW_EVENTS,
        Permission.VIEW_INCIDENTS,
        Permission.HANDLE_INCIDENTS,
        Permission.HIDE_ALARMS,
        Permission.SEND_REPORTS,
        Permission.VIEW_REPORTS,
        Permission.OFFER_TASKS,
        Permission.REWARD,
        Permission.VIEW_FIGURES,
        Permission.VIEW_RULES,
        Permission.VIEW_SYSTEM,
        Permission.MOVE_CAMERAS,
        Permission.BREAK_GLASS,
    }
)
_AT_HOME = frozenset(
    {
        Permission.VIEW_OWN_PICTURES,
        Permission.VIEW_SHARED_LIVE,
        Permission.MOVE_OWN_CAMERAS,
        Permission.DELETE_RECORDINGS,
        Permission.DECIDE_CONSENT,
    }
)
"""What somebody does where he lives, as a resident: who has an office too has another account for it."""
_ADMINISTRATOR = frozenset(Permission) - _AT_HOME
"""Everything but what is for a household alone."""

_PERMISSIONS: Mapping[str, frozenset[Permission]] = MappingProxyType(
    {
        Role.ADMINISTRATOR.value: _ADMINISTRATOR,
        Role.SUPERVISOR.value: _ROOM
        | {
            Permission.MAINTAIN_DEVICES,
            Permission.PLAN_TOURS,
            Permission.VIEW_COMMUNITY,
            Permission.VIEW_PEOPLES_FIGURES,
            Permission.VIEW_REFUSALS,
            Permission.EDIT_RULES,
            Permission.RELEASE_EVIDENCE,
            Permission.INVITE_RESIDENTS,
            Permission.VIEW_AUDIT,
        },
        Role.INTEGRATOR.value: frozenset(
            {
                Permission.VIEW_PLACES,
                Permission.VIEW_CAMERAS,
                Permission.VIEW_SENSORS,
                Permission.VIEW_EVENTS,
                Permission.MAINTAIN_DEVICES,
                Permission.VIEW_RULES,
                Permission.EDIT_RULES,
                Permission.ADD_DEVICES,
                Permission.MANAGE_KEYS,
            }
        ),
        Role.OPERATOR.value: _ROOM,
        Role.RESPONDER.value: frozenset({Permission.ANSWER_ORDERS, Permission.SEND_REPORTS, Permission.REWARD}),
        Role.RESIDENT.value: _AT_HOME | {Permission.SEND_REPORTS},
    }
)


def permissions(principal: Principal) -> frozenset[Permission]:
    """Everything that this principal may do somewhere."""
    by_role = _PERMISSIONS.get(principal.role, frozenset())
    return by_role if principal.only is None else by_role & principal.only


def allows(principal: Principal, permission: Permission) -> bool:
    """Whether this principal may do that."""
    return permission in permissions(principal)
