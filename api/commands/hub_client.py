"""HubClient: commands that ask a running hub, with an API key that never stands on a command line.

The key is read from the environment (`HUB_API_KEY`) or from a file; it goes to the one address that was named, over no
proxy and no redirect, so that it cannot be led elsewhere.
"""

from __future__ import annotations

import json
import os
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPMessage
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlencode, urlsplit

from config.says import in_english
from hub.errors import ConfigurationError, HubError, Mistake

KEY_VARIABLE = "HUB_API_KEY"
URL_VARIABLE = "HUB_URL"
_TIMEOUT_S = 600.0
_MOST_BYTES = 64 * 1024 * 1024


class HubAnswerError(HubError):
    """A running hub refuses.

    Attributes:
        problem: Its answer.
    """

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        title = problem.get("detail") or problem.get("title") or f"HTTP {status}"
        super().__init__(f"the hub answers {status}: {title}")
        self.problem = problem


class _Straight(urllib.request.HTTPRedirectHandler):
    """Follows nothing."""

    def redirect_request(  # noqa: PLR0917 - as the library calls it
        self,
        req: urllib.request.Request,  # noqa: ARG002
        fp: IO[bytes],  # noqa: ARG002
        code: int,  # noqa: ARG002
        msg: str,  # noqa: ARG002
        headers: HTTPMessage,  # noqa: ARG002
        newurl: str,  # noqa: ARG002
    ) -> None:
        return None


@dataclass(frozen=True, slots=True)
class HubClient:
    """One running hub, asked with a key."""

    url: str
    key: str
    ca_file: Path | None = None

    def ask(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, str] | None = None,
        body: object = None,
        data: bytes | None = None,
        content_type: str = "application/json",
    ) -> Any:
        """The answer, as JSON.

        Raises:
            HubAnswerError: It refuses.
            HubError: It cannot be reached.
        """
        query = f"?{urlencode(params)}" if params else ""
        request = urllib.request.Request(  # noqa: S310 - http and https alone, see `client_of`
            f"{self.url.rstrip('/')}/api/v1{path}{query}",
            method=method,
            data=json.dumps(body).encode() if body is not None else data,
            headers={"X-API-Key": self.key, "Content-Type": content_type, "Accept": "application/json"},
        )
        context = ssl.create_default_context(cafile=None if self.ca_file is None else str(self.ca_file))
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context), _Straight
        )
        try:
            with opener.open(request, timeout=_TIMEOUT_S) as answer:
                return _json(answer.read(_MOST_BYTES))
        except urllib.error.HTTPError as error:
            raise HubAnswerError(error.code, _json(error.read(_MOST_BYTES)) or {}) from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            raise HubError(f"no hub answers at {self.url}: {reason}") from None


def client_of(url: str | None, key_file: Path | None, ca_file: Path | None) -> HubClient | None:
    """The hub that is meant; None when none is named.

    Raises:
        ConfigurationError: There is no key, or it is no address.
    """
    url = url or os.environ.get(URL_VARIABLE)
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise ConfigurationError(
            (Mistake(None, "--url", in_english("is no address of a hub; write https://host:port")),)
        )
    if key_file is not None:
        try:
            key = key_file.read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise ConfigurationError((Mistake(key_file, "", in_english(f"cannot be read: {error}")),)) from None
    else:
        key = os.environ.get(KEY_VARIABLE, "").strip()
    if not key or not key.isascii() or not key.isprintable():
        words = f"there is no API key; put it into {KEY_VARIABLE}, or into a file and name it with --key-file"
        raise ConfigurationError((Mistake(None, KEY_VARIABLE, in_english(words)),))
    return HubClient(url, key, ca_file)


def _json(data: bytes) -> Any:
    try:
        return json.loads(data) if data else None
    except ValueError:
        return {"detail": "what answers there is no hub"}
