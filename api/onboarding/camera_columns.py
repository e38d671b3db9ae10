"""Camera columns: what a sheet of cameras may say, what its columns are called in both languages, and its template."""

from __future__ import annotations

import pkgutil

import cameras.detectors
from api.onboarding.sheets import Column, template

CAMERA_COLUMNS = (
    Column("id", "编号", ("编码", "摄像机编号", "摄像头编号", "camera id", "camera")),
    Column("name", "名称", ("中文名称", "名字", "摄像机名称", "name zh")),
    Column("name_en", "英文名称", ("英文名", "english name")),
    Column("site", "场所", ("地点", "场所编号", "site id")),
    Column("area", "网格", ("区域", "网格编号", "area id")),
    Column("host", "IP地址", ("ip", "主机", "ip address", "address")),
    Column("url", "主码流地址", ("地址", "主码流", "rtsp", "rtsp地址", "main url", "main", "rtsp url")),
    Column("sub_url", "子码流地址", ("子码流", "辅码流", "sub", "substream")),
    Column("username", "用户名", ("用户", "账号", "user", "login")),
    Column("password", "密码", ("口令", "pass", "pwd"), secret=True),
    Column("lat", "纬度", ("latitude",), number=True),
    Column("lon", "经度", ("longitude", "lng"), number=True),
    Column("detectors", "检测", ("检测项", "算法", "detector")),
    Column("record", "录像", ("录像策略", "recording")),
    Column("copy_from", "参照", ("参照摄像机", "复制自", "like")),
    Column("onvif", "ONVIF地址", ("onvif url",)),
    Column("note", "备注", ("说明", "notes", "remark", "comment")),
)
"""`note` is for whoever fills the sheet in; nothing is made of it."""

_EXAMPLES = (
    {
        "id": "gate-north",
        "name": "北门",
        "name_en": "North gate",
        "site": "crossing",
        "url": "rtsp://192.168.1.64:554/Streaming/Channels/101",
        "sub_url": "rtsp://192.168.1.64:554/Streaming/Channels/102",
        "username": "hub",
        "lat": "29.3412",
        "lon": "106.5231",
        "detectors": "objects fire",
    },
    {
        "id": "gate-south",
        "name": "南门",
        "name_en": "South gate",
        "site": "crossing",
        "host": "192.168.1.65",
        "username": "hub",
        "copy_from": "gate-north",
        "onvif": "yes",
        "note": "?probe=true",
    },
)


def camera_template(*, chinese: bool) -> bytes:
    """An example sheet of cameras."""
    return template(CAMERA_COLUMNS, _EXAMPLES, chinese=chinese)


def detector_kinds() -> frozenset[str]:
    """The detectors that there are: each is a file of its kind's name, and is not loaded, for it brings a decoder."""
    return frozenset(module.name for module in pkgutil.iter_modules(cameras.detectors.__path__))
