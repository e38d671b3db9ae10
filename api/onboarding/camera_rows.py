"""Camera rows: what one line of a sheet says of a camera, part by part, with a mistake for each cell that cannot be.

No mistake holds an address or a password: an address may have a password in it that was written in the wrong place.
Pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from api.onboarding.camera_columns import detector_kinds
from api.onboarding.sheets import Row, Says, SheetMistake
from config.community import Camera, Detector, Location, Name, Onvif, Stream
from config.errors import ConfigurationError
from config.hiding import HIDDEN
from config.load import parse
from config.messages import nearest
from config.onvif import ONVIF_SCHEMES
from config.secrets import Secret

NETWORK_SCHEMES = ("rtsp", "rtsps", "http", "https")
"""Over the network nobody makes the hub read its own files."""

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?")
_BETWEEN = re.compile(r"[\s;；,，、|+/]+")
_PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
_NO = frozenset({"false", "no", "off", "0", "n", "否", "不", "不录", "不录像", "无"})
_YES = frozenset({"true", "yes", "on", "1", "y", "是", "有", "默认", "default"})


@dataclass(frozen=True, slots=True)
class FoundStreams:
    """What a camera that was asked by its host said of itself.

    Attributes:
        main: Address of its large stream, without user and password; one may stand in its path, so it is never shown.
        sub: That of its small one.
        onvif: That of its service.
        name: As it calls itself.
    """

    main: str = field(repr=False)
    sub: str | None = field(default=None, repr=False)
    onvif: str | None = None
    name: str | None = None


@dataclass(slots=True)
class CameraRow:
    """One line, read.

    Attributes:
        line: Of the file.
        id: Empty when it cannot be used.
        parts: What it says of the camera, by the name of the part; what it does not say is not there.
        copy_from: Id of the camera whose settings it takes.
        host: Where to ask for its streams, when it names none.
        username: Its user.
        password: Its password.
        mistakes: What is wrong in it.
    """

    line: int
    id: str = ""
    site: str | None = None
    area: str | None = None
    parts: dict[str, Any] = field(default_factory=dict)
    copy_from: str | None = None
    host: str | None = None
    username: str | None = None
    password: Secret | None = None
    mistakes: list[SheetMistake] = field(default_factory=list)

    def wrong(self, column: str, zh: str, en: str) -> None:
        """Note a mistake."""
        self.mistakes.append(SheetMistake(self.line, column, Says(zh, en)))


def read_row(
    row: Row, *, before: Camera | None, classes: Collection[str], found: FoundStreams | None = None
) -> CameraRow:
    """Read one line.

    Args:
        row: The cells.
        before: The camera with its id, as it is now, if somebody may change it.
        classes: Classes of recording that there are.
        found: What the camera said when it was asked.
    """
    made = CameraRow(row.line)
    cells = row.cells
    _identity(made, cells.get("id", ""))
    made.site, made.area = cells.get("site"), cells.get("area")
    if made.site is None and before is None:
        made.wrong("site", "缺少场所编号", "missing; write the id of a site")
    _credentials(made, cells.get("username"), cells.get("password"))
    _streams(made, cells, before, found)
    _onvif(made, cells.get("onvif"), before, found)
    _name(made, cells, before, found)
    _location(made, cells.get("lat"), cells.get("lon"))
    if "detectors" in cells:
        _detectors(made, cells["detectors"])
    if "record" in cells:
        _record(made, cells["record"], classes)
    made.copy_from = cells.get("copy_from")
    return made


def _identity(made: CameraRow, written: str) -> None:
    if not written:
        made.wrong("id", "缺少编号", "missing; write an id of lower-case letters, digits, dots, dashes, underscores")
    elif not _ID.fullmatch(written):
        made.wrong(
            "id",
            "编号只能用小写字母、数字、点、横线和下划线，以字母或数字开头，最多 64 个",
            "does not fit; write 1 to 64 lower-case letters, digits, dots, dashes and underscores, "
            "a letter or digit first",
        )
    else:
        made.id = written


def _credentials(made: CameraRow, username: str | None, password: str | None) -> None:
    made.username = username
    if password is None:
        return
    if password.startswith(("env:", "file:")):
        made.wrong(
            "password", "请写密码本身；env: 和 file: 只能用在本机文件里",
            "env: and file: are for files on the hub; write the password itself",
        )  # fmt: skip
    elif password == "***":  # noqa: S105 - what stands where a password was hidden
        made.wrong(
            "password", "*** 是隐藏的密码；请写密码，或留空", "*** stands for a hidden one; write it, or nothing"
        )
    else:
        made.password = Secret(password)


def _streams(made: CameraRow, cells: Mapping[str, str], before: Camera | None, found: FoundStreams | None) -> None:
    url, host = _address(made, cells)
    sub_url, asked = cells.get("sub_url"), None
    if url is None and host is not None:
        if found is not None:
            url, sub_url, asked = found.main, sub_url or found.sub, host
        elif before is None or not _same_host(host, before.main.url):
            made.host = host
    if url is not None:
        _take(made, "main", _stream(made, "url", url, None if before is None else before.main, asked=asked))
    elif before is not None:
        _take(made, "main", _with_credentials(made, before.main))
    elif made.host is None and not any(mistake.column == "host" for mistake in made.mistakes):
        made.wrong("url", "缺少地址；请写 rtsp://主机/路径", "missing; write rtsp://host/path, or host alone and probe")
    if sub_url:
        _take(made, "sub", _stream(made, "sub_url", sub_url, None if before is None else before.sub, asked=asked))
    elif before is not None and before.sub is not None:
        _take(made, "sub", _with_credentials(made, before.sub))


def _address(made: CameraRow, cells: Mapping[str, str]) -> tuple[str | None, str | None]:
    """The address of the main stream and the host, as far as they are given."""
    url, host = cells.get("url"), cells.get("host")
    if url is not None and "://" not in url and host is None and _HOST.fullmatch(url):
        url, host = None, url  # a host alone stands in either column
    if host is not None and not _HOST.fullmatch(host):
        made.wrong("host", "不是主机地址；请写 192.168.1.64", "is no host; write one as 192.168.1.64")
        return url, None
    if url is not None and host is not None and not _same_host(host, url):
        made.wrong("host", "与主码流地址的主机不同", "is another host than that of url; write one of the two")
    return url, host


def _take(made: CameraRow, part: str, stream: Stream | None) -> None:
    if stream is not None:
        made.parts[part] = stream


def _stream(
    made: CameraRow, column: str, url: str, before: Stream | None, *, asked: str | None = None
) -> Stream | None:
    """The stream at an address, with the credentials of its line; with those it had, where it goes to the same host.

    A camera that was asked at the host `asked` and names a stream elsewhere gets no password sent there.
    """
    try:
        parts = urlsplit(url)
        good = bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, good = None, False
    if parts is None or parts.scheme.lower() not in NETWORK_SCHEMES or not good or any(sign.isspace() for sign in url):
        made.wrong(
            column, "不是码流地址；请写 rtsp://主机:端口/路径，不含空格",
            "is no address of a stream; write rtsp://host:port/path without blanks",
        )  # fmt: skip
        return None
    if before is not None and url == before.shown_url:
        url = before.url  # as it was shown, with *** for a token in it
    if HIDDEN in url:
        made.wrong(
            column, "*** 是隐藏的内容；请写完整的地址", "*** stands for what was hidden; write the address in full"
        )  # fmt: skip
        return None
    body: dict[str, Any] = {"url": url}
    if asked is not None and not _same_host(asked, url):
        pass
    elif "@" not in parts.netloc:
        body |= {"username": made.username, "password": made.password}
    elif made.username is not None or made.password is not None:
        made.wrong(
            column, "地址里和单元格里都有用户或密码；只留一处",
            "user or password stand in the address and beside it; keep one of the two",
        )  # fmt: skip
        return None
    try:
        stream = parse(Stream, {key: value for key, value in body.items() if value is not None}, file=None)
    except ConfigurationError as error:
        for mistake in error.mistakes:
            made.wrong(column, f"地址不能用：{mistake.message}", mistake.message)
        return None
    return _kept(made, stream, before)


def _kept(made: CameraRow, stream: Stream, before: Stream | None) -> Stream | None:
    """With the password that it had, which follows it to no other host."""
    if before is None or before.password is None or stream.password is not None:
        return stream
    if _place(stream.url) != _place(before.url):
        made.wrong(
            "password", "码流换了主机、端口或协议：请重新写密码",
            "the stream goes to another host, port or scheme: write its password anew",
        )  # fmt: skip
        return None
    return stream.model_copy(
        update={"password": before.password, "username": before.username if made.username is None else made.username}
    )


def _with_credentials(made: CameraRow, stream: Stream) -> Stream | None:
    """A stream that stays, with the user and password of its line; None when it names none."""
    given = {"username": made.username, "password": made.password}
    changed = {key: value for key, value in given.items() if value is not None}
    return stream.model_copy(update=changed) if changed else None


def _onvif(made: CameraRow, written: str | None, before: Camera | None, found: FoundStreams | None) -> None:
    if written is None or written.casefold() in _NO:
        return
    had = None if before is None else before.onvif
    main = made.parts.get("main") or (None if before is None else before.main)
    url: str | None = written
    if written.casefold() in _YES:
        asked = None if found is None else found.onvif
        known = None if main is None else urlsplit(main.url).hostname
        kept = had.url if had is not None and known is not None and _same_host(_bracketed(known), had.url) else None
        url = asked or kept or (f"http://{_bracketed(known)}/onvif/device_service" if known else None)
        if had is not None and asked is None and made.username is None and made.password is None:
            return
    if url is None:
        return  # its host is not known yet
    if not _is_service(url):
        made.wrong(
            "onvif", "不是 ONVIF 地址；请写 http://主机/onvif/device_service，或写 是",
            "is no address of an ONVIF service; write http://host/onvif/device_service, or yes",
        )  # fmt: skip
        return
    same = had is not None and _place(had.url) == _place(url)
    username = made.username or (had.username if had is not None and same else None)
    password = made.password or (had.password if had is not None and same else None)
    is_usual = (found is not None and found.onvif == url) or _place(url)[2] in (80, 443)
    if password is None and is_usual and isinstance(main, Stream) and _same_host(urlsplit(url).netloc, main.url):
        username, password = main.username, main.password
    try:
        made.parts["onvif"] = parse(
            Onvif,
            {"url": url} | {key: value for key, value in (("username", username), ("password", password)) if value},
            file=None,
        )
    except ConfigurationError as error:
        for mistake in error.mistakes:
            made.wrong("onvif", f"地址不能用：{mistake.message}", mistake.message)


def _name(made: CameraRow, cells: Mapping[str, str], before: Camera | None, found: FoundStreams | None) -> None:
    zh, en = cells.get("name"), cells.get("name_en")
    had = None if before is None else before.name
    if zh is None and en is None:
        if had is None and found is not None and found.name:
            made.parts["name"] = Name(zh=found.name[:80], en=found.name[:80])
        return
    made.parts["name"] = Name(
        zh=zh or (None if had is None else had.zh) or None, en=en or (None if had is None else had.en) or None
    )


def _location(made: CameraRow, lat: str | None, lon: str | None) -> None:
    if lat is None and lon is None:
        return
    numbers: list[float] = []
    for column, written, most in (("lat", lat, 90), ("lon", lon, 180)):
        if written is None:
            made.wrong(column, "经纬度要成对", "missing; lat and lon go together")
            continue
        try:
            number = float(written)
        except ValueError:
            number = 1e9
        if -most <= number <= most:
            numbers.append(number)
        else:
            made.wrong(column, f"请写 -{most} 到 {most} 的度数", f"does not fit; write degrees from -{most} to {most}")
    if len(numbers) == 2:  # noqa: PLR2004 - both
        made.parts["location"] = Location(lat=numbers[0], lon=numbers[1])


def _detectors(made: CameraRow, written: str) -> None:
    known = detector_kinds()
    if written.casefold() in _NO:
        made.parts["detectors"] = ()
        return
    kinds = [word for word in _BETWEEN.split(written) if word]
    wrong = next((kind for kind in kinds if Detector(kind=kind).kind not in known), None)
    if wrong is not None:  # one is said and guessed, for a cell may hold a thousand
        which = nearest(wrong[:64], tuple(sorted(known))) or ", ".join(sorted(known))
        made.wrong("detectors", f"没有这种检测；请写 {which}", f"there is no such detector; write {which}")
        return
    made.parts["detectors"] = tuple(Detector(kind=kind) for kind in dict.fromkeys(kinds))


def _record(made: CameraRow, written: str, classes: Collection[str]) -> None:
    if written.casefold() in _NO:
        made.parts["record"] = False
    elif written.casefold() in _YES:
        made.parts["record"] = None
    elif written in classes:
        made.parts["record"] = written
    else:
        which = ", ".join(["no", "yes", *sorted(classes)])
        made.wrong("record", f"没有这种录像策略；请写 {which}", f"there is no such class of recording; write {which}")


def _same_host(host: str, url: str) -> bool:
    try:
        return urlsplit(f"//{host}").hostname == urlsplit(url).hostname
    except ValueError:
        return False


def _is_service(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ONVIF_SCHEMES and bool(parts.hostname) and parts.port != 0 and not re.search(r"\s", url)
    except ValueError:
        return False


def _place(url: str) -> tuple[str, str | None, int | None]:
    """Where a password is sent, and whether it is said openly there."""
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.hostname, parts.port or _PORTS.get(parts.scheme.lower())


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
