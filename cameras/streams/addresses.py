"""Addresses of streams: user and password are joined in memory only, and taken out of everything that is said.

FFmpeg takes credentials inside the URL and repeats that URL in its errors. `full_url` is called right before opening,
and every text that comes back goes through `without_credentials` before it is raised, logged or sent.
"""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit, urlunsplit

from config.community import Stream

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


def without_credentials(text: str, stream: Stream) -> str:
    """`text` without user and password, as they are and as they stand in a URL."""
    text = _USER_INFO.sub("", text)
    if stream.password is None:
        return text
    try:
        password = stream.password.reveal()
    except ValueError:
        return text
    for form in {password, quote(password, safe="")} - {""}:
        text = text.replace(form, "***")
    return text
