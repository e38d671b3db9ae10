"""Addresses of streams: allowed ones alone are opened, and user and password are taken out of all that is said.

FFmpeg takes credentials inside the URL and repeats that URL in its errors. `full_url` is called right before opening,
and every text that comes back goes through `without_credentials` before it is raised, logged or sent.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

from cameras.confining.connections import connections_watched
from cameras.errors import SourceError, SourceProblem
from config.community import Stream
from hub.logs import forms_of
from hub.networks import Allowed, NotAllowedNetworkError, Resolved, resolve_allowed

_WEB_PORTS = {"http": 80, "https": 443}
_RTSP_PORT = 554
_ANYWHERE = Allowed.of(("0.0.0.0/0", "::/0"), "the terminal")

_USER_INFO = re.compile(r"(?<=//)[^/\s'\"]*@")


def full_url(stream: Stream) -> str:
    """The URL with user and password in it; only for the library that opens it.

    Raises:
        ValueError: The password stands in an environment variable or file that is not there.
    """
    if stream.username is None and stream.password is None:
        return stream.url
    parts = urlsplit(stream.url)
    host = parts.netloc.rsplit("@", 1)[-1]
    password = "" if stream.password is None else stream.password.reveal()
    return urlunsplit(
        parts._replace(netloc=f"{quote(stream.username or '', safe='')}:{quote(password, safe='')}@{host}")
    )


def login_of(stream: Stream) -> tuple[str | None, str | None]:
    """User and password, for who says them itself.

    Raises:
        SourceError: The password stands in an environment variable or file that is not there.
    """
    try:
        return stream.username, None if stream.password is None else stream.password.reveal()
    except ValueError as error:
        raise SourceError(SourceProblem.LOGIN_REFUSED, str(error)) from error


def checked_address(stream: Stream, url: str, allowed: Allowed | None) -> Resolved:
    """Where to connect to for an RTSP address: nothing that the settings do not allow. May wait for a name server.

    Args:
        stream: Whose credentials no error shows.
        url: The address; the stream's own, or one that its camera pointed to.
        allowed: Where cameras may be; None is anywhere.

    Raises:
        SourceError: It is not allowed or cannot be resolved, or the stream's password is not there.
    """
    login_of(stream)
    parts = urlsplit(url)
    try:
        return resolve_allowed(parts.hostname or "", parts.port or _RTSP_PORT, allowed or _ANYWHERE)
    except NotAllowedNetworkError as error:
        raise SourceError(SourceProblem.NOT_ALLOWED, str(error)) from None
    except (OSError, ValueError) as error:
        raise SourceError(SourceProblem.UNREACHABLE, without_credentials(str(error), stream)) from None


def without_credentials(text: str, stream: Stream) -> str:
    """`text` without user and password, as they are and in all forms in which they are sent and shown."""
    text = _USER_INFO.sub("", text)
    if stream.password is None:
        return text
    try:
        password = stream.password.reveal()
    except ValueError:
        return text
    login = base64.b64encode(f"{stream.username or ''}:{password}".encode()).decode()
    for form in sorted({login, *forms_of(password)} - {""}, key=len, reverse=True):
        text = text.replace(form, "***")
    return text


@dataclass(frozen=True, slots=True)
class Opened:
    """How a stream is to be opened.

    Attributes:
        url: With user and password, and the address that was checked in place of the host's name where that can be.
        options: What FFmpeg needs beside it.
        is_watched: Whether each connection is looked at as it is made, so that FFmpeg may make more than one.
    """

    url: str
    options: Mapping[str, str]
    is_watched: bool


def opened_url(stream: Stream, allowed: Allowed | None) -> Opened:
    """Where to connect to for `stream`: nothing that the settings do not allow.

    FFmpeg resolves names by itself. So it gets the address that was checked, and for HTTP the name in `Host`. Over TLS
    it needs the name too, and gets it only where the connection is looked at once more as it is made.

    Raises:
        SourceError: The address is not allowed, cannot be resolved, or its password is not there.
    """
    try:
        url = full_url(stream)
    except ValueError as error:
        raise SourceError(SourceProblem.LOGIN_REFUSED, str(error)) from error
    parts = urlsplit(url)
    is_web = parts.scheme.lower() in _WEB_PORTS
    if allowed is None:
        return Opened(url, {}, is_watched=True)
    host = parts.hostname or ""
    try:
        port = parts.port or _WEB_PORTS.get(parts.scheme.lower(), _RTSP_PORT)
        resolved = resolve_allowed(host, port, allowed)
    except NotAllowedNetworkError as error:
        raise SourceError(SourceProblem.NOT_ALLOWED, str(error)) from None
    except (OSError, ValueError) as error:
        raise SourceError(SourceProblem.UNREACHABLE, without_credentials(str(error), stream)) from None
    watched = connections_watched()
    options = {} if watched or not is_web else {"max_redirects": "0"}
    if watched and parts.scheme.lower() == "https":
        return Opened(url, options, is_watched=True)
    before, at, after = parts.netloc.rpartition("@")
    if is_web:
        options["headers"] = f"Host: {after}\r\n"
    suffix = "" if parts.port is None else f":{parts.port}"
    checked = urlunsplit(parts._replace(netloc=f"{before}{at}{resolved.host}{suffix}"))
    return Opened(checked, options, is_watched=watched)
