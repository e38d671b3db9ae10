"""OpenID Connect: signing in through a provider, by the authorization code flow with PKCE.

What comes back counts only with the state, the browser and the nonce it was begun with, once, within ten minutes, and
with an ID token that this very provider signed for this very hub. Answers of the provider are bounded, none of its
redirects is followed, and it is asked only in the networks that the settings allow. Blocks for the provider, so it is
for threads of requests; its metadata and keys are remembered. Who that is here, `hub/store/people/outside.py` knows.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import quote, urlencode, urlsplit

import httpx
import jwt

from api.errors import NotSignedInError, UnavailableError
from config.sign_in import Oidc, is_safe_address
from hub.clock import Clock
from hub.networks import Allowed, connections_only_to
from hub.store.people.outside import Identity

logger = logging.getLogger(__name__)

ALGORITHMS: Final = {"RS256": "RSA", "ES256": "EC"}
"""Signatures that are taken, and the kind of key of each: never `none`, and never one with a shared secret."""
PENDING_S: Final = 600.0
_MOST_PENDING: Final = 1000
"""Sign-ins that were begun; where there are more, the oldest are forgotten. Each is less than 1 kB."""
_LEEWAY_S: Final = 60.0
_METADATA_LIVES_S: Final = 3600.0
_KEYS_AGAIN_S: Final = 60.0
"""A key that is not known is asked for, but no oftener: anybody can name one."""
_TIMEOUT_S: Final = 10.0
_MOST_BYTES: Final = 512 * 1024
_LONGEST_SUBJECT: Final = 255  # OpenID Connect Core, section 2
_RANDOM_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a sign-in at the provider was begun for.

    Attributes:
        what: To sign in, to link an account that is signed in, or to use an invitation.
        page: The page of the hub that the browser goes on to.
        account: The account to link.
        generation: How often everything of that account had been ended.
        invitation: What the link of the invitation carries.
        username: The name that the invited person chose.
    """

    what: Literal["sign-in", "link", "invitation"] = "sign-in"
    page: str = "/"
    account: str = ""
    generation: int = 0
    invitation: str = ""
    username: str = ""


@dataclass(frozen=True, slots=True)
class Arrived:
    """Somebody who came back from the provider.

    Attributes:
        identity: Who that is there.
        purpose: What for.
        claims: What the provider says of him.
    """

    identity: Identity
    purpose: Purpose
    claims: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Pending:
    nonce: str
    verifier: str
    browser: str
    redirect: str
    purpose: Purpose
    until_s: float


class Provider:
    """The provider of a hub. Safe from any thread."""

    def __init__(self, settings: Oidc, clock: Clock, *, allowed: Allowed) -> None:
        """Prepare; the provider is asked when somebody signs in."""
        self.settings = settings
        self._clock = clock
        self._allowed = allowed
        self._lock = threading.Lock()
        self._pending: OrderedDict[str, _Pending] = OrderedDict()
        self._metadata: tuple[dict[str, Any], float] | None = None
        self._keys: tuple[list[dict[str, Any]], float] | None = None

    def begin(self, browser: str, *, redirect: str, purpose: Purpose) -> str:
        """The address to send a browser to.

        Args:
            browser: What only this browser knows; it has to come back with it.
            redirect: Where the provider sends it back.
            purpose: What for.

        Raises:
            UnavailableError: The provider does not answer as one.
        """
        metadata = self._ask_metadata()
        state, nonce, verifier = (secrets.token_urlsafe(_RANDOM_BYTES) for _ in range(3))
        now_s = self._clock.monotonic_s()
        with self._lock:
            self._pending[state] = _Pending(nonce, verifier, browser, redirect, purpose, now_s + PENDING_S)
            while len(self._pending) > _MOST_PENDING or next(iter(self._pending.values())).until_s <= now_s:
                self._pending.popitem(last=False)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        asked = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": redirect,
            "scope": " ".join(("openid", *self.settings.scopes)),
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        address = str(metadata["authorization_endpoint"])
        return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(asked)}"

    def page_of(self, state: str) -> str:
        """The page that a sign-in which is not finished goes on to, however it ends; the first one if there is none."""
        with self._lock:
            pending = self._pending.get(state)
        return "/" if pending is None else pending.purpose.page

    def finish(self, browser: str, state: str, code: str, *, issuer: str | None) -> Arrived:
        """Who came back, once.

        Args:
            browser: As at the beginning.
            state: As the provider sent it back.
            code: Of the provider.
            issuer: Who the answer says it is from, if it does (RFC 9207).

        Raises:
            NotSignedInError: Anything of it is not as it was begun, or not signed as it has to be.
            UnavailableError: The provider does not answer as one.
        """
        with self._lock:
            pending = self._pending.pop(state, None)
        if pending is None or pending.until_s <= self._clock.monotonic_s():
            raise NotSignedInError("this sign-in was not begun here, or too long ago; begin again")
        if not hmac.compare_digest(pending.browser.encode(), browser.encode()):
            raise NotSignedInError("this sign-in was begun in another browser")
        metadata = self._ask_metadata()
        says_who = metadata.get("authorization_response_iss_parameter_supported") is True
        if (issuer is None and says_who) or (issuer is not None and issuer != self.settings.issuer):
            raise NotSignedInError("this answer is of another provider")
        answer = self._exchange(metadata, pending, code)
        claims = self._read(metadata, answer.get("id_token"), nonce=pending.nonce)
        return Arrived(Identity(self.settings.issuer, claims["sub"]), pending.purpose, claims)

    def role_of(self, claims: dict[str, Any]) -> str | None:
        """The role of the account that somebody gets who has none; None for no account."""
        if self.settings.roles is None:
            return None
        said = claims.get(self.settings.roles.claim)
        values = {said} if isinstance(said, str) else set(filter(_is_text, said)) if isinstance(said, list) else set()
        return next((role for value, role in self.settings.roles.map.items() if value in values), None)

    def _exchange(self, metadata: dict[str, Any], pending: _Pending, code: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": pending.redirect,
            "code_verifier": pending.verifier,
        }
        name, secret = self.settings.client_id, self.settings.client_secret.reveal()
        methods = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        auth = None
        if "client_secret_basic" in methods:
            auth = (quote(name, safe=""), quote(secret, safe=""))  # RFC 6749, section 2.3.1
        else:
            form |= {"client_id": name, "client_secret": secret}
        return self._ask("POST", str(metadata["token_endpoint"]), form=form, auth=auth, refusable=True)

    def _read(self, metadata: dict[str, Any], token: object, *, nonce: str) -> dict[str, Any]:
        """What an ID token says, if it is good."""
        try:
            if not isinstance(token, str):
                raise jwt.InvalidTokenError("there is none")
            header = jwt.get_unverified_header(token)
            algorithm = str(header.get("alg"))
            if algorithm not in ALGORITHMS:
                raise jwt.InvalidAlgorithmError(f"signed by {algorithm[:16]}")
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key(metadata, header.get("kid"), algorithm),
                algorithms=[algorithm],
                audience=self.settings.client_id,
                issuer=self.settings.issuer,
                # Time is checked below, by our clock.
                options={
                    "require": ["iss", "sub", "aud", "exp", "iat", "nonce"],
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
            self._check(claims, nonce)
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as error:
            logger.warning("ID token refused", extra={"issuer": self.settings.issuer, "reason": str(error)})
            raise NotSignedInError("what the provider says cannot be trusted") from error
        return claims

    def _check(self, claims: dict[str, Any], nonce: str) -> None:
        """Raises a ValueError for what the library does not look at."""
        now_s = self._clock.now().timestamp()
        if float(claims["exp"]) <= now_s - _LEEWAY_S:
            raise ValueError("it has run out")
        if not now_s - PENDING_S - _LEEWAY_S <= float(claims["iat"]) <= now_s + _LEEWAY_S:
            raise ValueError("it is not of now")
        if float(claims.get("nbf", 0)) > now_s + _LEEWAY_S:
            raise ValueError("it is not good yet")
        if not hmac.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
            raise ValueError("another nonce")
        audience = claims["aud"]
        several = isinstance(audience, list) and len(audience) > 1
        if claims.get("azp", None if several else self.settings.client_id) != self.settings.client_id:
            raise ValueError("made for another client")
        if not _is_text(claims["sub"]) or not 1 <= len(claims["sub"]) <= _LONGEST_SUBJECT:
            raise ValueError("it names nobody")

    def _key(self, metadata: dict[str, Any], key_id: object, algorithm: str) -> Any:
        """The public key that a token says it is signed with."""
        for again in (False, True):
            fitting = [
                key
                for key in self._ask_keys(metadata, again=again)
                if key.get("kty") == ALGORITHMS[algorithm]
                and key.get("use", "sig") == "sig"
                and (key_id is None or key.get("kid") == key_id)
            ]
            if len(fitting) == 1:
                return jwt.PyJWK(fitting[0], algorithm=algorithm).key
        raise jwt.InvalidKeyError("no such key")

    def _ask_metadata(self) -> dict[str, Any]:
        now_s = self._clock.monotonic_s()
        known = self._metadata
        if known is not None and now_s < known[1] + _METADATA_LIVES_S:
            return known[0]
        found = self._ask("GET", f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != self.settings.issuer:
            raise UnavailableError("the provider calls itself otherwise than the setting sign_in.oidc.issuer")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not is_safe_address(found.get(name)):
                raise UnavailableError(f"the provider names no safe {name}")
        self._metadata = (found, now_s)
        return found

    def _ask_keys(self, metadata: dict[str, Any], *, again: bool) -> list[dict[str, Any]]:
        now_s = self._clock.monotonic_s()
        known = self._keys
        lives_s = _KEYS_AGAIN_S if again else _METADATA_LIVES_S
        if known is not None and now_s < known[1] + lives_s:
            return known[0]
        found = self._ask("GET", str(metadata["jwks_uri"])).get("keys")
        keys = [key for key in found if isinstance(key, dict)] if isinstance(found, list) else []
        self._keys = (keys, now_s)
        return keys

    def _ask(
        self,
        method: str,
        address: str,
        *,
        form: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        refusable: bool = False,
    ) -> dict[str, Any]:
        """A JSON object of the provider.

        Raises:
            UnavailableError: It does not answer with one.
            NotSignedInError: It refuses, where that says that the code is wrong.
        """
        try:
            with (
                connections_only_to(self._allowed),
                httpx.Client(trust_env=False, follow_redirects=False, timeout=_TIMEOUT_S) as client,
                client.stream(method, address, data=form, auth=auth, headers={"Accept": "application/json"}) as answer,
            ):
                refused = refusable and answer.status_code in (400, 401)
                found = {} if refused else _object(answer)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            reason = str(error) if isinstance(error, ValueError) else type(error).__name__
            logger.warning("provider does not answer", extra={"issuer": self.settings.issuer, "reason": reason})
            raise UnavailableError("the sign-in provider does not answer") from error
        if refused:
            logger.warning("code refused by the provider", extra={"issuer": self.settings.issuer})
            raise NotSignedInError("the provider does not know this sign-in")
        return found


def _object(answer: httpx.Response) -> dict[str, Any]:
    """The JSON object of an answer; raises a ValueError for anything else."""
    if answer.status_code != httpx.codes.OK:
        raise ValueError(f"it answers {answer.status_code}")
    whole = b""
    for part in answer.iter_bytes():
        whole += part
        if len(whole) > _MOST_BYTES:
            raise ValueError("it says too much")
    found = json.loads(whole)
    if not isinstance(found, dict):
        raise ValueError("it is no object")  # noqa: TRY004 - what came is wrong, not what was asked
    return found


def _is_text(value: object) -> bool:
    return isinstance(value, str)
