"""Story: what the demo prints, in Chinese and English, and what it remembers for its summary.

One line per happening: seconds since the hub's start, colour, kind, words. Called from several threads; a reader that
has gone (a closed pipe) ends nothing.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from api.demo.footprint import Cost
from api.demo.watch import Entry
from config.community import Level, Name
from hub.access import Role
from hub.clock import Clock

_COLOURS = {
    Level.CRITICAL: ("红", "41;97"),
    Level.SERIOUS: ("橙", "48;5;208;30"),
    Level.WARNING: ("黄", "43;30"),
    Level.NOTICE: ("蓝", "44;97"),
    Level.INFO: ("绿", "42;30"),
}
"""How a level is written: the word, and the terminal's code."""

_MOVES = {
    "muted": "由更高告警代表",
    "shown": "重新显示",
    "recurred": "再次发生",
    "reactivated": "又发生",
    "contradicted": "迟到的观察与之不符",
    "rose": "级别升高",
    "fell": "级别降低",
    "returned": "恢复正常",
    "closed": "已结束",
}
"""What happened to an alert after it was raised, in Chinese; the English word is the move's own."""

_PEOPLE = {
    Role.ADMINISTRATOR: ("管理员 | admin", "/"),
    Role.OPERATOR: ("值班员 | room", "/"),
    Role.RESIDENT: ("住户 | home", "/m/"),
    Role.RESPONDER: ("巡防员 | patrol", "/m/"),
}
"""What people of each role are called, and their page."""

WANTED = ("fire.camera_flame", "road.crash")
"""What the demo promises within its first minute."""
WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Login:
    """How somebody signs in to the demo."""

    role: Role
    username: str
    password: str


class Story:
    """Prints the demo."""

    def __init__(self, clock: Clock) -> None:
        """Begin now; `begin` sets the time to 0."""
        self._clock = clock
        self._begun_s = clock.monotonic_s()
        self._lock = threading.Lock()
        self._first_s: dict[str, float] = {}
        self._levels: dict[str, str] = {}
        self._coloured = sys.stdout.isatty()

    def begin(self) -> None:
        """The hub starts now."""
        self._begun_s = self._clock.monotonic_s()

    @property
    def first_s(self) -> dict[str, float]:
        """Seconds from the hub's start to the first alert, by kind."""
        with self._lock:
            return dict(self._first_s)

    def line(self, text: str) -> None:
        """Print a line as it is."""
        with self._lock:
            try:
                sys.stdout.write(text + "\n")
                sys.stdout.flush()
            except (OSError, ValueError):
                self._coloured = False  # nobody reads any more; the demo goes on until it is told to end

    def news(self, what: Name) -> None:
        """Something happened in the village."""
        self.line(f"{self._now_s():6.1f} s       · {what.zh} | {what.en}")

    def ready(self, url: str, logins: Sequence[Login], data: Path) -> None:
        """Everything runs; `logins` are those of the people who may try it, one of each role is shown."""
        shown = {login.role: login for login in reversed(logins)}
        people = "".join(
            f"  {name:<14}{login.username:<8}{login.password}  {url}{page}\n"
            for role, (name, page) in _PEOPLE.items()
            if (login := shown.get(role))
        )
        self.line(
            f"\n  打开 | open      {url}\n{people}"
            f"  文件 | files     {data}  (community.yaml, demo.json)\n"
            "  结束 | end       Ctrl-C\n"
        )

    def entry(self, entry: Entry) -> None:
        """The feed said something: print alerts, and what people do with incidents."""
        body, move = entry["body"], entry["move"]
        if entry["topic"] == "alert":
            at_s = self._now_s()
            if move == "raised":
                with self._lock:
                    self._first_s.setdefault(body["kind"], at_s)
                    self._levels[body["kind"]] = body["level"]
            self._told(at_s, body, "" if move == "raised" else f"（{_MOVES.get(move, move)} {move}）")
        elif entry["topic"] == "incident" and entry.get("who") not in {None, "engine"}:
            self.line(
                f"{self._now_s():6.1f} s       {entry['who']}: {move} #{body['number']} {entry.get('note') or ''}"
            )

    def _told(self, at_s: float, body: Entry, remark: str) -> None:
        text = body["text"]
        mark = self._mark(body["level"])
        self.line(f"{at_s:6.1f} s  {mark}  {body['kind']:20} {text['zh']} | {text['en']}{remark}")

    def _mark(self, level: str) -> str:
        word, code = _COLOURS[Level(level)]
        return f"\x1b[{code}m {word} \x1b[0m" if self._coloured else f"[{word} {level}]"

    def summary(self, cost: Cost | None) -> None:
        """What came of it."""
        lines = ["", "告警 | alerts, seconds from the hub's start to the first of its kind:"]
        lines += [f"  {kind:22} {self._levels[kind]:8} {at_s:6.1f} s" for kind, at_s in self.first_s.items()]
        ran_s = self._now_s()
        for kind in WANTED:
            if ran_s > WITHIN_S and self.first_s.get(kind, WITHIN_S) >= WITHIN_S:
                lines.append(f"  {kind:22} 没有在 {WITHIN_S:.0f} 秒内出现 | did not come within {WITHIN_S:.0f} s")
        if cost is not None:
            lines.append(
                f"内存峰值 | peak memory {cost.peak_memory_mb:.0f} MB; CPU {cost.cpu_s:.1f} s / {cost.wall_s:.0f} s "
                f"= {cost.cpu_s / max(cost.wall_s, 0.1):.2f} 核 | cores"
            )
        self.line("\n".join(lines))

    def _now_s(self) -> float:
        return self._clock.monotonic_s() - self._begun_s
