"""Notifier `webhook`: an HTTP POST of JSON to an address of the recipient's.

    notifiers:
      - {id: desk, kind: webhook, at_least: orange, options: {url: "https://desk.example/hook"}, secret: "env:HOOK"}

The body is `{"number", "at", "move", "who", "note", "title", "text", "incident"}`; `incident` is what the API shows.
It is told of every move, in order. `number` stands in the header `Hub-Delivery` too and is the same at every attempt.
With a secret, `Hub-Signature-256` is `sha256=` and the HMAC-SHA256 of the body in hex. Redirects are not followed: they
could lead anywhere. No connection is kept open, and none is made to an address that `networks.webhooks` does not allow.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import ssl
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from alerts.notices.notice import Delivered, Notice, Outcome, Refused, Services, Traits, TryLater
from config.says import says
from config.secrets import Secret
from hub.events import time_to_text
from hub.networks import NotAllowedNetworkError
from hub.plugins import Options, Plugin
from hub.web import WebConnection

_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that another attempt may change (RFC 9110, RFC 6585, RFC 8470)."""
_LONGEST_PAUSE_S = 600.0
"""A recipient may ask for at most this long a pause."""


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(says("is no web address; write https://host/path", "不是网址；请写 https://主机/路径"))
    if parts.username is not None or parts.password is not None:
        raise ValueError(
            says(
                "holds a password; write it as `secret`, with which the body is signed",
                "含有密码；请写在 `secret` 里，用它给内容签名",
            )
        )
    try:
        parts.port  # noqa: B018 - reading it is the check
    except ValueError:
        raise ValueError(
            says("has no usable port; write https://host:8443/path", "端口不能用；请写如 https://主机:8443/路径")
        ) from None
    return url


class WebhookOptions(Options):
    """Where to."""

    url: Annotated[str, Field(max_length=2048), AfterValidator(_address)]
    timeout_s: Annotated[float, Field(gt=0, le=30)] = 5.0
    """For connecting and for each wait for an answer."""


class Webhook:
    """One address."""

    traits = Traits(every_move=True, ordered=True)

    def __init__(self, options: WebhookOptions, secret: Secret | None, services: Services) -> None:
        parts = urlsplit(options.url)
        self._host, self._port = parts.hostname or "", parts.port
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._secret = secret
        self._timeout_s = options.timeout_s
        self._allowed = services.allowed
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None

    def send(self, notice: Notice) -> Outcome:
        """POST it; what the answer means for another attempt is decided here."""
        body = json.dumps(
            {
                "number": notice.number,
                "at": time_to_text(notice.at),
                "move": notice.move,
                "who": notice.who,
                "note": notice.note,
                "title": notice.title,
                "text": notice.text,
                "incident": dict(notice.incident),
            },
            ensure_ascii=False,
        ).encode()
        headers = {"Content-Type": "application/json", "Hub-Delivery": str(notice.number)}
        if self._secret is not None:
            try:
                key = self._secret.reveal().encode()
            except ValueError as error:
                return TryLater(str(error))
            headers["Hub-Signature-256"] = "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()
        connection = WebConnection(self._host, self._port, self._allowed, timeout_s=self._timeout_s, tls=self._tls)
        try:
            connection.request("POST", self._path, body, headers)
            answer = connection.getresponse()
        except (OSError, http.client.HTTPException, NotAllowedNetworkError) as error:
            return TryLater(str(error) or type(error).__name__)
        finally:
            connection.close()
        return _outcome(answer.status, answer.getheader("Retry-After"))


def _outcome(status: int, retry_after: str | None) -> Outcome:
    if status // 100 == 2:  # noqa: PLR2004 - all of 2xx
        return Delivered()
    if status not in _LATER:
        return Refused(f"answered {status}")
    seconds = (
        float(retry_after) if retry_after is not None and retry_after.isascii() and retry_after.isdigit() else None
    )
    return TryLater(f"answered {status}", None if seconds is None else min(seconds, _LONGEST_PAUSE_S))


PLUGIN = Plugin(
    kind="webhook",
    options=WebhookOptions,
    build=Webhook,
    summary="An HTTP POST of JSON, signed when there is a secret.",
)
