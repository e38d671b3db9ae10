"""Certificates: whom a stream over TLS has to prove to be, before it is told who we are.

What the system trusts counts (`SSL_CERT_FILE`, else its own list), for FFmpeg as for everything else that asks cameras.
A stream that says `insecure: true` is not asked for any proof.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from config.community import Stream
from hub.networks import Allowed, NotAllowedNetworkError, resolve_allowed

_PORTS = {"rtsps": 322, "https": 443}
_USUAL = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
_ASKED_S = 3.0


def tls_options(stream: Stream) -> Mapping[str, str]:
    """What FFmpeg is told for a stream over TLS; nothing for any other."""
    parts = urlsplit(stream.url)
    if parts.scheme.lower() not in _PORTS:
        return {}
    if stream.insecure:
        return {"tls_verify": "0"}
    return {"tls_verify": "1", "ca_file": _trusted(), "verifyhost": parts.hostname or ""}


def is_untrusted(stream: Stream, allowed: Allowed | None) -> bool:
    """Whether a stream that could not be opened has a certificate that is not trusted; FFmpeg does not say so."""
    parts = urlsplit(stream.url)
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or stream.insecure:
        return False
    import socket  # noqa: PLC0415 - for streams over TLS that cannot be opened alone
    import ssl  # noqa: PLC0415 - likewise

    host = parts.hostname or ""
    with suppress(OSError, ValueError, NotAllowedNetworkError):
        port = parts.port or _PORTS[scheme]
        to = host if allowed is None else resolve_allowed(host, port, allowed).host.strip("[]")
        with socket.create_connection((to, port), timeout=_ASKED_S) as connection:
            try:
                ssl.create_default_context().wrap_socket(connection, server_hostname=host).close()
            except ssl.SSLCertVerificationError:
                return True
    return False


def _trusted() -> str:
    import ssl  # noqa: PLC0415 - likewise

    known = ssl.get_default_verify_paths().cafile
    return known or next((path for path in _USUAL if Path(path).exists()), _USUAL[0])
