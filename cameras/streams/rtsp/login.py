"""Login: what a camera is told about user and password, as it asks for it (RFC 7616, RFC 7617, and RFC 2069 before).

Digest goes before Basic, SHA-256 before MD5, whatever order the camera has them in. Said to the one host alone that
was asked for: who makes a Login talks to no other with it.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

_PARTS = re.compile(r'([a-zA-Z][a-zA-Z0-9_-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))')
_SCHEMES = re.compile(r"(?:^|,\s*)(digest|basic)\b", re.IGNORECASE)
_MOST_CHALLENGE = 4096
_HASHES: dict[str, Callable[[bytes], str]] = {
    "sha-256": lambda data: hashlib.sha256(data).hexdigest(),
    "md5": lambda data: hashlib.md5(data).hexdigest(),  # noqa: S324 - what most cameras ask for
}
"""By preference."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """How a camera wants it said.

    Attributes:
        scheme: `digest` or `basic`.
        rank: Larger is better.
        said: The parts of the challenge.
    """

    scheme: str
    rank: int
    said: dict[str, str]


class Login:
    """User and password of one connection."""

    def __init__(self, username: str | None, password: str | None) -> None:
        """Take them; both None where there are none."""
        self._user = None if username is None and password is None else (username or "", password or "")
        self._asked: _Asked | None = None
        self._count = 0
        self._is_right = False

    def accepted(self) -> None:
        """The camera took what it was told: from now on another nonce is a new question, and no refusal."""
        self._is_right = self._is_right or self._asked is not None

    def challenged(self, headers: Iterable[str]) -> bool:
        """The camera wants to know who asks (`WWW-Authenticate`).

        Returns:
            Whether there is something to tell it that it has not refused yet.
        """
        found = [asked for header in headers for asked in _challenges(header[:_MOST_CHALLENGE])]
        best = max(found, key=lambda asked: asked.rank, default=None)
        before, self._asked = self._asked, best
        if self._user is None or best is None:
            return False
        if before is None:
            self._count = 0
            return True
        is_new = best.said.get("nonce") != before.said.get("nonce")
        if best.scheme == "digest" and is_new and (self._is_right or best.said.get("stale", "").lower() == "true"):
            self._count, self._is_right = 0, False
            return True
        return False

    def header(self, method: str, uri: str) -> str:
        """The line `Authorization` for a request; empty while nobody asked."""
        if self._user is None or self._asked is None:
            return ""
        if self._asked.scheme == "basic":
            return "Basic " + base64.b64encode(":".join(self._user).encode()).decode()
        return self._digest(self._asked.said, method, uri)

    def _digest(self, said: dict[str, str], method: str, uri: str) -> str:
        assert self._user is not None
        name, password = self._user
        realm, nonce = said.get("realm", ""), said.get("nonce", "")
        algorithm = said.get("algorithm", "MD5")
        hashed = _HASHES[algorithm.lower().removesuffix("-sess")]

        def digest(text: str) -> str:
            return hashed(text.encode())

        self._count += 1
        count, own = f"{self._count:08x}", secrets.token_hex(8)
        secret = digest(f"{name}:{realm}:{password}")
        if algorithm.lower().endswith("-sess"):
            secret = digest(f"{secret}:{nonce}:{own}")
        place = digest(f"{method}:{uri}")
        parts = [f'username="{_quoted(name)}"', f'realm="{realm}"', f'nonce="{nonce}"', f'uri="{uri}"']
        if "qop" in said:
            parts.append(f'response="{digest(f"{secret}:{nonce}:{count}:{own}:auth:{place}")}"')
            parts += ["qop=auth", f"nc={count}", f'cnonce="{own}"']
        else:
            parts.append(f'response="{digest(f"{secret}:{nonce}:{place}")}"')
            if algorithm.lower().endswith("-sess"):
                parts.append(f'cnonce="{own}"')
        if "algorithm" in said:
            parts.append(f"algorithm={algorithm}")
        if "opaque" in said:
            parts.append(f'opaque="{said["opaque"]}"')
        return "Digest " + ", ".join(parts)


def _challenges(header: str) -> list[_Asked]:
    """What one header offers that can be answered here; there may be several in it."""
    begins = [(found.start(1), found[1].lower()) for found in _SCHEMES.finditer(header)]
    offered = []
    for (begin, scheme), (end, _) in pairwise([*begins, (len(header), "")]):
        said = {name.lower(): quoted or plain for name, quoted, plain in _PARTS.findall(header[begin:end])}
        if scheme == "basic":
            offered.append(_Asked(scheme, 0, said))
            continue
        kinds = list(_HASHES)
        algorithm = said.get("algorithm", "md5").lower().removesuffix("-sess")
        ways = [way.strip().lower() for way in said.get("qop", "auth").split(",")]
        if algorithm in kinds and "auth" in ways and said.get("nonce"):
            offered.append(_Asked(scheme, len(kinds) - kinds.index(algorithm), said))
    return offered


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
