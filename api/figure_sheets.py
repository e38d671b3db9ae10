"""Figure sheets: the figures as tables for people, as CSV for spreadsheets and as a page that prints on A4.

What stands in a cell may come from outside (names, keys): in HTML it is escaped, in CSV no cell begins a formula.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import html
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from alerts.language.kinds import ALERT_KINDS
from api.figure_words import Language, word
from hub.events import time_from_text

BOM = "\ufeff"
"""By which spreadsheets know UTF-8."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_AIMS = {
    "per_day": "≤ 144",
    "per_hour": "≤ 6",
    "per_ten_minutes": "≤ 1",
    "most_in_ten_minutes": "≤ 10",
    "busy_share": "< 1 %",
    "flood_share": "< 1 %",
    "most_frequent_share": "< 5 %",
    "chattering": "0",
    "fleeting": "0",
    "stale": "< 5",
    "mix": "80 / 15 / 5 %",
}
"""ISA-18.2 and EEMUA 191, for one operator position."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table.

    Attributes:
        title: What it is about.
        head: Names of the columns.
        rows: Cells, text or numbers.
        bars: The last column is drawn as bars, too.
    """

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str | float]]
    bars: bool = False


@dataclass(frozen=True, slots=True)
class Speaker:
    """Says things in a language and in the time of the site."""

    language: Language
    zone: ZoneInfo

    def __call__(self, name: str) -> str:
        """What a thing is called."""
        return word(name, self.language)

    def time(self, text: str | None) -> str:
        """A time, to the minute."""
        return "" if text is None else f"{time_from_text(text).astimezone(self.zone):%Y-%m-%d %H:%M}"

    def kind(self, kind: str) -> str:
        """The name of an alert kind."""
        known = ALERT_KINDS.get(kind)
        return kind if known is None else known.zh if self.language == "zh" else known.en


def load_sheets(body: Mapping[str, Any], say: Speaker) -> Iterator[Sheet]:
    """Those of the load."""
    per = body["per_position"]
    values: dict[str, str | float] = {
        "annunciations": body["annunciations"],
        "opened": body["opened"],
        "positions": body["positions"],
        "per_day": per["day"],
        "per_hour": per["hour"],
        "per_ten_minutes": per["ten_minutes"],
        "most_in_ten_minutes": body["most_in_ten_minutes"],
        "busiest": say.time(body["busiest"]),
        "busy_share": percent(body["busy_share"]),
        "flood_share": percent(body["flood_share"]),
        "most_frequent_share": percent(body["most_frequent_share"]),
        "chattering": len(body["chattering"]),
        "fleeting": body["fleeting"],
        "stale": body["stale"],
        "mix": " / ".join(percent(share) for share in body["mix"].values()),
        "levels": ", ".join(f"{say(level)} {count}" for level, count in reversed(body["levels"].items()) if count),
    }
    rows = [(say(name), value, _AIMS.get(name, "")) for name, value in values.items()]
    yield Sheet(say("load"), (say("measure"), say("value"), say("target")), rows)
    if len(body["hours"]) <= 48:  # noqa: PLR2004 - two days; longer ones by day
        hours, form = body["hours"], "%m-%d %H:%M"
    else:
        hours, form = body["days"], "%Y-%m-%d"
    counts = [(f"{time_from_text(each['since']).astimezone(say.zone):{form}}", each["annunciations"]) for each in hours]
    yield Sheet(say("annunciations"), (say("hour"), say("count")), counts, bars=True)
    if body["floods"]:
        floods = [
            (
                say.time(each["began"]),
                say.time(each["ended"]),
                each["annunciations"],
                f"{say.kind(each['first']['kind'])} {each['first']['key']}",
            )
            for each in body["floods"]
        ]
        yield Sheet(say("floods"), (say("began"), say("ended"), say("annunciations"), say("first")), floods)


def people_sheets(body: Mapping[str, Any], say: Speaker) -> Iterator[Sheet]:
    """Those of how long people took."""
    head = [say(name) for name in ("step", "level", "count", "median_s", "p90_s", "within", "missed")]
    rows = [
        (say(step), say(level), *_timing(timing))
        for step, steps in body["room"].items()
        for level, timing in (("all", steps), *steps["levels"].items())
    ]
    yield Sheet(say("people"), head, rows)
    steps = ("seen", "dispatched", "accepted", "on_scene", "resolved")
    columns = [say("name"), say("answered"), *(say(step) for step in steps), say("missed"), say("moves")]
    people = [
        (
            person["name"],
            person["answered"],
            *(_short(person["steps"][step]) for step in steps),
            sum(person["steps"][step]["missed"] for step in steps),
            sum(person["moves"].values()),
        )
        for person in body["people"]
    ]
    yield Sheet(f"{say('name')}: {say('count')} · {say('median_s')} · {say('within')}", columns, people)


def rules_sheets(body: Mapping[str, Any], say: Speaker, *, most: int | None = None) -> Iterator[Sheet]:
    """Those of rules and devices, at most so many of each."""
    verdicts = ("true", "false", "nuisance", "test")
    tail = [*(say(each) for each in verdicts), say("false_share"), say("causes")]

    def shares(each: Mapping[str, Any]) -> tuple[str | float, ...]:
        causes = ", ".join(f"{say(cause)} {count}" for cause, count in each["causes"].items())
        return (*(each["verdicts"][name] for name in verdicts), percent(each["false_share"]), causes)

    rules = [(each["rule"], each["annunciations"], percent(each["share"]), *shares(each)) for each in body["rules"]]
    yield Sheet(say("rules"), [say("rule"), say("annunciations"), say("share"), *tail], rules[:most])
    devices = [(each["device"], *shares(each)) for each in body["devices"]]
    yield Sheet(say("device"), [say("device"), *tail], devices[:most])
    if body.get("bad_actors"):
        bad = [
            (
                each["rule"],
                ", ".join(say(why) for why in each["why"]),
                each["suggestion"]["what"][say.language] if each["suggestion"] else "",
                f"{each['suggestion']['false_gone']} / {each['suggestion']['true_lost']}" if each["suggestion"] else "",
            )
            for each in body["bad_actors"]
        ]
        yield Sheet(say("bad_actors"), [say("rule"), say("why"), say("suggestion"), say("at_rule")], bad)


def shift_sheets(body: Mapping[str, Any], say: Speaker) -> Iterator[Sheet]:
    """All of a shift, in the order in which it is handed over."""
    head = [say(name) for name in ("number", "kind", "level", "handling", "began")]
    for name in ("open_before", "open_after"):
        rows = [
            (
                each["number"],
                say.kind(each["kind"]),
                say(each["level"]),
                say(each["handling"]),
                say.time(each["opened"]),
            )
            for each in body[name]
        ]
        yield Sheet(say(name), head, rows)
    yield from load_sheets(body["load"], say)
    yield from people_sheets(body["people"], say)
    yield from rules_sheets(body["rules"], say, most=10)


def percent(share: float | None) -> str:
    """A share as people read it."""
    return "" if share is None else f"{100 * share:.1f} %"


def _timing(timing: Mapping[str, Any]) -> tuple[str | float, ...]:
    median, p90 = (_seconds(timing[name]) for name in ("median_s", "p90_s"))
    return timing["count"], median, p90, percent(timing["within"]), timing["missed"]


def _short(timing: Mapping[str, Any]) -> str:
    if not timing["count"] and not timing["missed"]:
        return ""
    parts = (str(timing["count"]), str(_seconds(timing["median_s"])), percent(timing["within"]))
    return " · ".join(part for part in parts if part)


def _seconds(value: float | None) -> str | float:
    return "" if value is None else round(value)


def as_csv(sheets: Sequence[Sheet]) -> str:
    """One table under the other, each under its title."""
    text = io.StringIO()
    text.write(BOM)
    writer = csv.writer(text)
    for number, sheet in enumerate(sheets):
        if number:
            writer.writerow(())
        writer.writerow((plain_cell(sheet.title),))
        writer.writerow([plain_cell(cell) for cell in sheet.head])
        writer.writerows([plain_cell(cell) for cell in row] for row in sheet.rows)
    return text.getvalue()


def plain_cell(cell: str | float) -> str | float:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


_STYLE = """
@page{size:A4;margin:14mm 12mm}
body{font:10.5pt/1.35 "Noto Sans CJK SC","Microsoft YaHei","PingFang SC",system-ui,sans-serif;color:#111;margin:1rem}
h1{font-size:16pt;margin:0 0 2mm}h2{font-size:12pt;margin:5mm 0 1.5mm;break-after:avoid}
p{margin:0 0 2mm;color:#444}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{border:.3pt solid #999;padding:.8mm 1.6mm;text-align:left;vertical-align:top;overflow-wrap:anywhere}
th{background:#eee;font-weight:600}td.n{text-align:right;white-space:nowrap}
tr{break-inside:avoid}thead{display:table-header-group}
meter{width:40mm;height:3mm}td.b{width:45mm}
footer{margin-top:10mm;border-top:.3pt solid #999;padding-top:6mm}
@media print{body{margin:0}}
"""
STYLE_POLICY = (
    "default-src 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of the page: its own style and nothing else."""


def as_html(
    title: str, sheets: Sequence[Sheet], say: Speaker, *, about: str, made: datetime, by: str, signed: bool = False
) -> str:
    """A page that prints.

    Args:
        title: What it is.
        sheets: What stands in it.
        say: Its language.
        about: The place and the times.
        made: When it was made.
        by: Account name of who had it made.
        signed: Whether there is a line to sign on.
    """
    language = "zh-CN" if say.language == "zh" else "en"
    parts = [
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{html.escape(title)}</title>',
        f"<style>{_STYLE}</style></head><body><h1>{html.escape(title)}</h1><p>{html.escape(about)}</p>",
        f"<p>{say('made')} {made.astimezone(say.zone):%Y-%m-%d %H:%M} · {say('by')} {html.escape(by)}</p>",
        *(_table(sheet, say) for sheet in sheets),
        f"<footer>{say('signature')}</footer>" if signed else "",
        "</body></html>",
    ]
    return "".join(parts)


def _table(sheet: Sheet, say: Speaker) -> str:
    title = f"<h2>{html.escape(sheet.title)}</h2>"
    if not sheet.rows:
        return f"{title}<p>{say('nothing')}</p>"
    head = "".join(f"<th>{html.escape(cell)}</th>" for cell in sheet.head) + ("<th></th>" if sheet.bars else "")
    most = max((float(row[-1]) for row in sheet.rows), default=0.0) if sheet.bars else 0.0
    rows = "".join(
        "<tr>"
        + "".join(_cell(cell) for cell in row)
        + (f'<td class="b"><meter max="{max(most, 1):g}" value="{row[-1]}"></meter></td>' if sheet.bars else "")
        + "</tr>"
        for row in sheet.rows
    )
    return f"{title}<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _cell(cell: str | float) -> str:
    if isinstance(cell, str):
        return f"<td>{html.escape(cell)}</td>"
    return f'<td class="n">{cell:g}</td>'
