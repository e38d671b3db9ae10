"""Digest: HTTP's way to prove that one knows a password without saying it (RFC 7616, MD5 and SHA-256).

`Basic`, which says it, is never answered. Pure.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_PARTS = re.compile(r'([a-zA-Z0-9_-]{1,32})\s*=\s*(?:"((?:[^"\\]|\\.){0,1024})"|([^\s,"]{1,256}))')
_MOST_CHARACTERS = 4096
_ALGORITHMS = {"MD5": "md5", "SHA-256": "sha256", "MD5-SESS": "md5", "SHA-256-SESS": "sha256"}


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a device asks for.

    Attributes:
        realm: What the password is for.
        nonce: The device's.
        algorithm: MD5 or SHA-256, with or without `-SESS`.
        qop: Whether `auth` is offered.
        opaque: Goes back as it is.
        stale: The nonce alone was too old.
    """

    realm: str
    nonce: str
    algorithm: str = "MD5"
    qop: bool = False
    opaque: str = ""
    stale: bool = False


def parse_challenge(header: str) -> Challenge | None:
    """The challenge in a `WWW-Authenticate`; None when it is none that can be answered."""
    scheme, _, rest = header[:_MOST_CHARACTERS].strip().partition(" ")
    if scheme.lower() != "digest":
        return None
    parts = {name.lower(): re.sub(r"\\(.)", r"\1", quoted) or bare for name, quoted, bare in _PARTS.findall(rest)}
    algorithm = parts.get("algorithm", "MD5").upper()
    if algorithm not in _ALGORITHMS or not parts.get("nonce"):
        return None
    offered = [word.strip() for word in parts.get("qop", "").lower().split(",")]
    if parts.get("qop") and "auth" not in offered:
        return None  # auth-int would bind the body; nobody offers it alone
    return Challenge(
        realm=parts.get("realm", ""),
        nonce=parts["nonce"],
        algorithm=algorithm,
        qop="auth" in offered,
        opaque=parts.get("opaque", ""),
        stale=parts.get("stale", "").lower() == "true",
    )


def strongest(headers: list[str]) -> Challenge | None:
    """The best of several challenges."""
    found = [each for each in map(parse_challenge, headers) if each is not None]
    return max(found, key=lambda each: each.algorithm.startswith("SHA-256"), default=None)


def authorization(
    challenge: Challenge,
    *,
    username: str,
    password: str,
    url: str,
    count: int,
    client_nonce: str,
    method: str = "POST",
    target: str | None = None,
) -> str:
    """The `Authorization` header for one request; its target is the path of the URL unless it is given."""
    if target is None:
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    secret = _hash(challenge, f"{username}:{challenge.realm}:{password}")
    if challenge.algorithm.endswith("-SESS"):
        secret = _hash(challenge, f"{secret}:{challenge.nonce}:{client_nonce}")
    asked = _hash(challenge, f"{method}:{target}")
    number = f"{count:08x}"
    middle = f"{challenge.nonce}:{number}:{client_nonce}:auth" if challenge.qop else challenge.nonce
    said = {
        "username": username,
        "realm": challenge.realm,
        "nonce": challenge.nonce,
        "uri": target,
        "response": _hash(challenge, f"{secret}:{middle}:{asked}"),
    }
    if challenge.opaque:
        said["opaque"] = challenge.opaque
    header = ", ".join(f'{name}="{_quoted(value)}"' for name, value in said.items())
    header += f", algorithm={challenge.algorithm}"
    return f"Digest {header}" + (f', qop=auth, nc={number}, cnonce="{client_nonce}"' if challenge.qop else "")


def _hash(challenge: Challenge, text: str) -> str:
    return hashlib.new(_ALGORITHMS[challenge.algorithm], text.encode(), usedforsecurity=False).hexdigest()


def _quoted(text: str) -> str:
    """Inside quotes, and nothing that could begin another header."""
    return re.sub(r'(["\\])', r"\\\1", re.sub(r"[\x00-\x1f\x7f]", "", text))
