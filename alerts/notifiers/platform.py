"""Notifier `platform`: the platform of the next level above, by the Common Alerting Protocol 1.2 over HTTPS.

    notifiers:
      - id: town
        kind: platform
        secret: "env:TOWN_TOKEN"
        options: {url: "https://platform.example/cap", sender: hub@village.example, format: xml}

Every message has to be acknowledged: an answer of 2xx that repeats the message's `identifier` in JSON
(`{"identifier": "..."}`) or XML; `acknowledged_by: status` takes the status alone. What is not acknowledged waits, in
order, for a week, and arrives with its own times and identifiers. The secret is sent as a bearer token. Nothing is told
of an incident after its Cancel until it is opened again.
"""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from alerts.incidents.incident import done
from alerts.notices.cap import DISMISSED, MEDIA_TYPES, Scope, Station, Status, cap_message, cap_xml, usable_sender
from alerts.notices.notice import Delivered, Notice, Outcome, Refused, Services, Traits, TryLater
from config.says import says
from config.secrets import Secret
from hub.networks import NotAllowedNetworkError
from hub.plugins import Options, Plugin
from hub.web import WebConnection

_LATER = frozenset({401, 403, 404, 408, 409, 425, 429})
"""Beside 5xx: a platform that was set up wrongly is set right some day, and then everything has to arrive."""
_SERVER_ERROR = 500
_MOST_ANSWER_BYTES = 64 * 1024
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
_WEEK_S = 7 * 86_400.0
_TOLD = frozenset(
    {
        "opened", "shown", "joined", "rose", "fell", "returned", "reactivated",
        *(done(name) for name in (
            "realarm", "unshelve", "escalate", "dispatch", "order", "arrive", "attend", "resolve", "reopen", "merge",
        )),
    }
)  # fmt: skip


def _address(url: str) -> str:
    parts = urlsplit(url)
    if not parts.hostname or parts.scheme not in ("http", "https"):
        raise ValueError(says("is no web address; write https://host/path", "不是网址；请写 https://主机/路径"))
    if parts.scheme == "http" and parts.hostname not in _HERE:
        raise ValueError(says("is not encrypted; write https://host/path", "没有加密；请写 https://主机/路径"))
    if parts.username is not None or parts.password is not None:
        raise ValueError(says("holds a password; write the token as `secret`", "含有密码；请把令牌写在 `secret` 里"))
    try:
        parts.port  # noqa: B018 - reading it is the check
    except ValueError:
        raise ValueError(
            says("has no usable port; write https://host:8443/path", "端口不能用；请写如 https://主机:8443/路径")
        ) from None
    return url


def _sender(sender: str) -> str:
    if not usable_sender(sender):
        raise ValueError(
            says(
                "holds a space, a comma, < or &; write a name that is unique in the world, as hub@village.example",
                "含有空格、逗号、< 或 &；请写世界上唯一的名称，如 hub@village.example",
            )
        )
    return sender


class PlatformOptions(Options):
    """Where to, in whose name, in which form."""

    url: Annotated[str, Field(max_length=2048), AfterValidator(_address)]
    sender: Annotated[str, Field(min_length=3, max_length=200), AfterValidator(_sender)]
    """Unique in the world, as hub@village.example."""
    sender_name: Annotated[str, Field(max_length=200)] = ""
    format: Literal["xml", "json"] = "xml"
    status: Status = "Actual"
    """Exercise while a drill is on; what is judged a test is a Test."""
    scope: Scope = "Restricted"
    restriction: Annotated[str, Field(max_length=500)] = "emergency management"
    addresses: Annotated[str, Field(max_length=500)] = ""
    geocodes: Mapping[str, Annotated[str, Field(max_length=64)]] = Field(default_factory=dict)
    """Code of each area, by its id."""
    geocode_name: Annotated[str, Field(min_length=1, max_length=64)] = "CN-GB2260"
    radius_km: Annotated[float, Field(ge=0, le=100)] = 0.1
    """Of the circle around a known position."""
    acknowledged_by: Literal["identifier", "status"] = "identifier"
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 10.0
    ca_file: str | None = None
    """Certificates to trust; None takes the system's."""


class Platform:
    """One platform."""

    traits = Traits(moves=_TOLD, ordered=True, give_up_after_s=_WEEK_S)

    def __init__(self, options: PlatformOptions, secret: Secret | None, services: Services) -> None:
        parts = urlsplit(options.url)
        self._options = options
        self._secret = secret
        self._allowed = services.allowed
        self._host, self._port = parts.hostname or "", parts.port
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._tls = ssl.create_default_context(cafile=options.ca_file) if parts.scheme == "https" else None
        self._station = Station(
            sender=options.sender,
            sender_name=options.sender_name,
            status=options.status,
            scope=options.scope,
            restriction=options.restriction if options.scope == "Restricted" else "",
            addresses=options.addresses,
            geocodes=options.geocodes,
            geocode_name=options.geocode_name,
            radius_km=options.radius_km,
        )

    def send(self, notice: Notice) -> Outcome:
        """POST the message; it has arrived when its identifier comes back."""
        if notice.earlier and notice.move != done("resolve") and str(notice.incident.get("verdict")) in DISMISSED:
            return Delivered()  # it was cancelled: there is nothing more to say
        message = cap_message(notice, self._station)
        xml = self._options.format == "xml"
        body = cap_xml(message) if xml else json.dumps(message, ensure_ascii=False).encode()
        headers = {"Content-Type": MEDIA_TYPES[self._options.format] + "; charset=utf-8"}
        if self._secret is not None:
            try:
                headers["Authorization"] = f"Bearer {self._secret.reveal()}"
            except ValueError as error:
                return TryLater(str(error))
        connection = WebConnection(
            self._host, self._port, self._allowed, timeout_s=self._options.timeout_s, tls=self._tls
        )
        try:
            connection.request("POST", self._path, body, headers)
            answer = connection.getresponse()
            said = answer.read(_MOST_ANSWER_BYTES)
        except (OSError, http.client.HTTPException, NotAllowedNetworkError) as error:
            return TryLater(str(error) or type(error).__name__)
        finally:
            connection.close()
        return self._outcome(answer.status, said, message["identifier"])

    def _outcome(self, status: int, said: bytes, identifier: str) -> Outcome:
        if status // 100 != 2:  # noqa: PLR2004 - all of 2xx
            later = status >= _SERVER_ERROR or status in _LATER
            return TryLater(f"answered {status}") if later else Refused(f"answered {status}")
        if self._options.acknowledged_by == "identifier" and identifier.encode() not in said:
            return TryLater("answered without acknowledging the message")
        return Delivered()


PLUGIN = Plugin(
    kind="platform",
    options=PlatformOptions,
    build=Platform,
    summary="The platform of the next level above, by CAP 1.2 over HTTPS.",
)
