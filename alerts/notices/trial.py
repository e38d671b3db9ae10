"""Trial: the message by which somebody finds out whether a channel works.

It says in both languages, and in what machines read (`verdict`, the status of CAP), that it is a test and that nothing
is to be done. It belongs to no incident.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from alerts.incidents.incident import Verdict
from alerts.notices.notice import Language, Notice

MOVE = "test"
_TITLES: Mapping[Language, str] = MappingProxyType(
    {"zh": "【测试】通知渠道测试", "en": "[Test] Channel test", "both": "【测试】通知渠道测试 / [Test] Channel test"}
)
_ZH = "这是一条测试，没有发生任何事情，不用处理。由 {who} 发送。"
_EN = "This is a test. Nothing has happened and nothing is to be done. Sent by {who}."
_TEXTS: Mapping[Language, str] = MappingProxyType({"zh": _ZH, "en": _EN, "both": f"{_ZH}\n{_EN}"})


def trial(at: datetime, who: str, language: Language, address: str | None, *, area: str | None = None) -> Notice:
    """The message.

    Args:
        at: Now.
        who: Who tries the channel, by account name.
        language: In which it is written.
        address: Of the person, on a channel for people.
        area: Where it is to be heard.
    """
    text = {"zh": _ZH.format(who=who), "en": _EN.format(who=who)}
    return Notice(
        number=0,
        at=at,
        move=MOVE,
        who=who,
        note="",
        incident=MappingProxyType(
            {
                "id": f"test-{secrets.token_hex(6)}",
                "number": 0,
                "kind": "hub.test",
                "name": {"zh": "测试", "en": "Test"},
                "level": "blue",
                "handling": "new",
                "verdict": Verdict.TEST.value,
                "active": True,
                "muted": False,
                "display": "shown",
                "site": None,
                "area": area,
                "camera": None,
                "escalated": 0,
                "reporter": None,
                "text": text,
                "alerts": [],
            }
        ),
        language=language,
        title=_TITLES[language],
        text=_TEXTS[language].format(who=who),
        address=address,
    )
