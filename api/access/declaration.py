"""Declarations: what one route asks of who calls it, as data that the application is held to.

`api/access/declared.py` has one for each route, `api/access/wall.py` holds the routes to them. Pure: no store, no HTTP.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from hub.access import Permission

PREFIX = "/api/v1"


class Kind(enum.StrEnum):
    """What a route is about: the object that its path names first, or those that it lists."""

    NONE = "none"
    ACCOUNT = "account"
    ALERT = "alert"
    AREA = "area"
    AUDIT = "audit entry"
    BACKUP = "backup"
    CAMERA = "camera"
    FIND = "found device"
    GRANT = "grant"
    INCIDENT = "incident"
    INVITATION = "invitation"
    KEY = "key"
    ORDER = "order"
    PAGE = "page"
    REPORT = "report"
    REVISION = "revision"
    RULE = "rule"
    SENSOR = "sensor"
    SILENCE = "silence"
    SITE = "site"
    TASK = "task"
    TOUR = "tour"
    TRIAL = "trial"


class By(enum.StrEnum):
    """What decides whether an object is for somebody who has the permission; what is not is not found."""

    REACH = "reach"
    """The grants of his account reach the place where it is."""
    HOME = "home"
    """He lives there, or who lives there shares it with him."""
    SENT = "sent"
    """He was sent there, or answers for the area now."""
    OWN = "own"
    """It is his own, or he answers for it."""
    DUTY = "duty"
    """He sits in the room, or answers for an area at this moment; else refused, for it is nobody's in particular."""
    WHOLE = "whole"
    """It belongs to the Community as a whole: a grant for all of it is needed, else it is refused."""
    ANY = "any"
    """It is for all who have the permission anywhere."""


class Entrance(enum.StrEnum):
    """What has to be shown."""

    TOKEN = "token"  # noqa: S105 - a word, no secret
    """An access token or an API key."""
    LINK = "token or link"
    """The same, or a link to this very object."""
    ONLY_LINK = "link"
    """A link to this very object: neither browsers nor players can send a token there."""
    SECRET = "secret"  # noqa: S105 - a word, no secret
    """What is in the body: a password, a refresh token, the code of an invitation."""
    HERE = "here or token"
    """Nothing from this machine itself; else a token."""
    OPEN = "open"
    """Nothing: it tells nobody anything."""


class Keys(enum.StrEnum):
    """What API keys may do with it."""

    SCOPE = "scope"
    """What the scope of the key holds, with the cameras of the key."""
    NONE = "none"
    """Nothing: it is for people themselves."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """What one route asks.

    Attributes:
        method: HTTP method, or WEBSOCKET.
        path: Its template, as the application has it.
        kind: Of the object that its path names first, or of what it lists.
        opens: Any of these permissions opens it; none: whoever has come in.
        also: All of these are needed besides.
        by: What decides for each permission of `opens` whether an object is for somebody.
        entrance: What has to be shown.
        keys: What API keys may do with it.
    """

    method: str
    path: str
    kind: Kind = Kind.NONE
    opens: frozenset[Permission] = frozenset()
    also: frozenset[Permission] = frozenset()
    by: Mapping[Permission, By] = field(default_factory=dict)
    entrance: Entrance = Entrance.TOKEN
    keys: Keys = Keys.SCOPE

    @property
    def names_object(self) -> bool:
        """Whether its path names one object, which is found or not."""
        return "{" in self.path

    def lets(self, may: frozenset[Permission]) -> bool:
        """Whether somebody with these permissions comes through at all."""
        return self.also <= may and (not self.opens or bool(self.opens & may))


_OWN_WAY: Mapping[Permission, By] = MappingProxyType(
    {
        Permission.VIEW_OWN_PICTURES: By.HOME,
        Permission.MOVE_OWN_CAMERAS: By.HOME,
        Permission.DELETE_RECORDINGS: By.HOME,
        Permission.DECIDE_CONSENT: By.HOME,
        Permission.ANSWER_ORDERS: By.SENT,
        Permission.SEND_REPORTS: By.OWN,
        Permission.REWARD: By.DUTY,
    }
)
"""Permissions of one's own, wherever they stand; all others go by the grants unless a declaration says otherwise."""


def says(
    route: str,
    *opens: Permission,
    also: tuple[Permission, ...] = (),
    by: By = By.REACH,
    entrance: Entrance = Entrance.TOKEN,
    keys: Keys = Keys.SCOPE,
) -> tuple[Declaration, ...]:
    """Declare a route, `GET /cameras/{camera_id}`; several methods before one path are several routes.

    Args:
        route: Methods and path, without the prefix that all share.
        opens: Any of these permissions opens it.
        also: All of these are needed besides.
        by: What decides whether an object is for somebody, for permissions that are not of one's own.
        entrance: What has to be shown.
        keys: What API keys may do with it.
    """
    *methods, path = route.split()
    return tuple(
        Declaration(
            method,
            path,
            opens=frozenset(opens),
            also=frozenset(also),
            by={each: _OWN_WAY.get(each, by) for each in opens},
            entrance=entrance,
            keys=keys,
        )
        for method in methods
    )


def about(kind: Kind, *declared: tuple[Declaration, ...], prefix: str = PREFIX) -> tuple[Declaration, ...]:
    """The same declarations, about one kind of object, below a prefix."""
    return tuple(replace(each, kind=kind, path=prefix + each.path) for some in declared for each in some)
