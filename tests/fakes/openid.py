"""An OpenID provider on 127.0.0.1: real HTTP and real signatures, and every mistake that it is told to make."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from hub.clock import SystemClock

CLIENT, SECRET = "hub", "s3cret of the hub/+"


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@dataclass
class OpenId:
    """The provider, and what it does wrong.

    Attributes:
        subject: Who signs in next.
        says: What it says of him beside.
        lies: Claims of the ID token that are put in place of the right ones; None leaves one out.
        algorithm: RS256, ES256, HS256 (with the client's secret) or none.
        stranger: Sign with a key that is not among its own.
        metadata: Put in place of what it says of itself.
        asked: Paths that were asked for.
    """

    url: str = ""
    subject: str = "4711"
    says: dict[str, Any] = field(default_factory=dict)
    lies: dict[str, Any] = field(default_factory=dict)
    algorithm: str = "RS256"
    stranger: bool = False
    metadata: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    rsa: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    ec: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    _clock: SystemClock = field(default_factory=SystemClock)

    def describes(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            **self.metadata,
        }

    def keys(self) -> dict[str, Any]:
        rsa_key = RSAAlgorithm.to_jwk(self.rsa.public_key(), as_dict=True)
        ec_key = ECAlgorithm.to_jwk(self.ec.public_key(), as_dict=True)
        return {"keys": [{**rsa_key, "kid": "r", "use": "sig"}, {**ec_key, "kid": "e", "use": "sig"}]}

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser is sent back to; everybody signs in at once."""
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """A code's ID token, once, for who shows the verifier and the secret."""
        expected = base64.b64encode(f"{quote(CLIENT, safe='')}:{quote(SECRET, safe='')}".encode()).decode()
        asked = self.codes.pop(form.get("code", ""), None)
        verifier = _b64(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if authorization != f"Basic {expected}":
            return 401, {"error": "invalid_client"}
        if asked is None or verifier != asked["code_challenge"] or form.get("redirect_uri") != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": self._id_token(asked["nonce"])}

    def _id_token(self, nonce: str) -> str:
        now = int(self._clock.now().timestamp())
        right = {"iss": self.url, "aud": CLIENT, "sub": self.subject, "nonce": nonce, "iat": now, "exp": now + 300}
        claims = {name: value for name, value in {**right, **self.says, **self.lies}.items() if value is not None}
        if self.algorithm == "none":
            head = _b64(json.dumps({"alg": "none"}).encode())
            return f"{head}.{_b64(json.dumps(claims).encode())}."
        if self.algorithm == "HS256":
            return jwt.encode(claims, SECRET * 2, algorithm="HS256", headers={"kid": "r"})
        own: Any = self.rsa if self.algorithm == "RS256" else self.ec
        key = rsa.generate_private_key(65537, 2048) if self.stranger else own
        return jwt.encode(claims, key, algorithm=self.algorithm, headers={"kid": self.algorithm[0].lower()})


@contextmanager
def openid_provider() -> Iterator[OpenId]:
    """A provider on a free port."""
    provider = OpenId()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self, status: int, body: object = None, **headers: str) -> None:
            raw = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(raw)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            provider.asked.append(parts.path)
            if parts.path == "/.well-known/openid-configuration":
                self._answer(200, provider.describes())
            elif parts.path == "/keys":
                self._answer(200, provider.keys())
            elif parts.path == "/authorize":
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self._answer(302, Location=provider.authorize(query))
            else:
                self._answer(404)

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            form = {name: values[0] for name, values in parse_qs(raw.decode()).items()}
            provider.asked.append(self.path)
            self._answer(*provider.token(form, self.headers.get("Authorization", "")))

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
