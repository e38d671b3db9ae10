"""Credentials in addresses: user and password that stand in a URL are taken out of it and kept beside it.

What is left of the address may be shown. Passwords with signs of their own are percent-decoded.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote, urlsplit

from config.says import says

_SECRET_VALUES = re.compile(
    r"(?i)((?:pass(?:wor[dt]|wd)?|pwd|token|auth|key|secret)=)[^&/#]+?(?=_(?:channel|stream)=|[&/#]|$)", re.DOTALL
)
"""Some cameras write `/user=hub_password=..._channel=1_stream=0.sdp`: what comes after it tells their streams apart."""


def taken_apart(value: dict[str, Any]) -> dict[str, Any]:
    """`value` with the credentials of its `url` in `username` and `password`.

    Raises:
        ValueError: They stand in both places, it cannot be told where they end, or the rest is no address.
    """
    url = value["url"]
    scheme, slashes, rest = url.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    user, at, host = authority.rpartition("@")
    if "@" in rest[len(authority) :]:
        # A password with a slash looks like a host with a path: taken as it is, half of it would be shown.
        raise ValueError(
            says(
                "an @ in the path is written %40, and / ? # in a password are written %2F %3F %23",
                "路径里的 @ 写成 %40，密码里的 / ? # 写成 %2F %3F %23",
            )
        )
    bare = f"{scheme}{slashes}{host}{rest[len(authority) :]}"
    try:
        urlsplit(bare)
    except ValueError:
        raise ValueError(
            says(
                "host or port cannot be read; an IPv6 address stands in [ and ]",
                "看不出主机或端口；IPv6 地址要放在 [ ] 里",
            )
        ) from None
    if not at:
        return value
    if value.get("username") is not None or value.get("password") is not None:
        raise ValueError(
            says(
                "user or password stand in the URL and beside it; keep one of the two",
                "地址里和旁边都写了用户名或密码；请只留一处",
            )
        )
    name, _, password = user.partition(":")
    return {
        **value,
        "url": bare,
        "username": unquote(name) or None,
        "password": unquote(password) or None,
    }


def shown(url: str) -> str:
    """`url` for people to see: values of `password=`, `token=` and the like in it are `***`."""
    return _SECRET_VALUES.sub(r"\1***", url)
