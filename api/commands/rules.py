"""`hub rules`: rules tried out, on their tests and on what a hub has stored."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from alerts.language.duration import duration_text
from alerts.language.rule import Rule
from alerts.language.rule_text import parse_rule
from alerts.language.rulebook import SHIPPED
from alerts.language.written import Written, read_rules
from alerts.trials.asking import ask
from alerts.trials.mutants import scores
from alerts.trials.rehearsal import Miss, Rehearsal
from alerts.trials.ruletests import TestFile, load_tests
from alerts.trials.why import explain, named_in
from api.commands.backtesting import told, try_rule
from api.history import History, moment_of, open_history
from config.errors import ConfigurationError, Mistake
from config.messages import unknown
from hub.clock import SystemClock
from hub.events import time_to_text

app = typer.Typer(no_args_is_help=True, help="Rules, tried out without a hub.")

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Rule files and their tests; without it the shipped.")]
Form = Annotated[Literal["json", "text"], typer.Option("--format", help="For a program, or for people.")]

MachineFile = Annotated[
    Path | None, typer.Option("--machine", metavar="F", help="machine.yaml; without it the defaults.")
]
DataFolder = Annotated[Path | None, typer.Option("--data", metavar="DIR", help="Data folder, instead of the file's.")]


@app.callback()
def group() -> None:
    """Rules, tried out without a hub."""


@dataclass(frozen=True, slots=True)
class _Done:
    """One test that was run."""

    file: str
    name: str
    misses: tuple[Miss, ...]


@app.command("test", epilog="Example: hub rules test rules/")
def run_tests(folder: Folder = SHIPPED, form: Form = "text") -> None:
    """Run the tests beside the rules (*.test.yaml); exit 1 when one fails."""
    rules = read_rules(folder)
    files = load_tests(folder, rules=rules)
    done = list(_run(files, rules))
    failed = sum(bool(each.misses) for each in done)
    tested = {rule for file in files for test in file.tests for rule in test.rules}
    untested = [rule for rule in rules if rule not in tested]
    if form == "json":
        tests = [{**asdict(each), "ok": not each.misses} for each in done]
        summary = {"passed": len(done) - failed, "failed": failed, "untested": untested}
        typer.echo(json.dumps({"tests": tests, **summary}, ensure_ascii=False))
    else:
        for line in _told(done):
            typer.echo(line)
        typer.echo(f"{len(done) - failed} of {len(done)} tests passed, {len(tested)} of {len(rules)} rules tested")
        if untested:
            typer.echo(f"without a test: {', '.join(untested)}")
    raise typer.Exit(1 if failed else 0)


@app.command(epilog="Example: hub rules mutate rules/ --at-least 90")
def mutate(
    folder: Folder = SHIPPED,
    at_least: Annotated[
        float, typer.Option("--at-least", min=0, max=100, metavar="PERCENT", help="Exit 1 when fewer are noticed.")
    ] = 0.0,
    form: Form = "text",
) -> None:
    """Put a small mistake into each rule, one after the other, and say which of them no test notices."""
    clock = SystemClock()
    begun_s = clock.monotonic_s()
    rules = read_rules(folder)
    found = []
    for score in scores(rules, load_tests(folder, rules=rules)):
        found.append(score)
        if form == "text":
            typer.echo(f"{score.rule:32} {score.caught:3} of {score.mutants:3}")
            for survivor in score.survivors:
                typer.echo(f"    unnoticed: {survivor}")
    caught, tried = sum(score.caught for score in found), sum(score.mutants for score in found)
    percent = 100 * caught / tried if tried else 100.0
    if form == "json":
        per_rule = [{**asdict(score), "caught": score.caught} for score in found]
        total = {"mutants": tried, "caught": caught, "percent": round(percent, 1)}
        typer.echo(json.dumps({"rules": per_rule, **total}, ensure_ascii=False))
    else:
        seconds = clock.monotonic_s() - begun_s
        typer.echo(f"{caught} of {tried} mistakes in {len(found)} rules noticed: {percent:.1f} %, in {seconds:.1f} s")
    raise typer.Exit(1 if percent < at_least else 0)


@app.command(
    "backtest", epilog="Example: hub rules backtest door.left_open --from 2026-03-01T00:00:00+08:00 --data data"
)
def run_backtest(
    *,
    rule: Annotated[str, typer.Argument(metavar="RULE", help="Id of a rule, whatever its state.")],
    since: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="What begins from then on; else all.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Not included; else to the last.")] = None,
    folder: Annotated[
        Path | None, typer.Option("--rules", metavar="DIR", help="Rule files, instead of those the hub has.")
    ] = None,
    machine: MachineFile = None,
    data: DataFolder = None,
    form: Form = "text",
) -> None:
    """Say what a rule would have raised over the stored events, and what would have been withheld and why."""
    begin, end = moment_of(since, "--from"), moment_of(until, "--to")
    with open_history(machine, data) as history:
        rules = _rules_of(history, folder)
        found = try_rule(
            history, _one(rules, rule, folder), rules.values(), since=begin, until=end, now=SystemClock().now()
        )
    if form == "json":
        typer.echo(json.dumps({"rule": rule, **told(found)}, ensure_ascii=False))
        return
    for each in found.episodes:
        lasted = (
            "until now" if each.ended is None else f"for {duration_text((each.ended - each.began).total_seconds())}"
        )
        muted = "" if each.alert.muted_by is None else ", muted"
        typer.echo(f"{time_to_text(each.began)}  {each.alert.level:7} {each.alert.text.en}, {lasted}{muted}")
    for held in found.withheld:
        often = "" if held.times == 1 else f", {held.times} times until {time_to_text(held.last)}"
        what = f"{time_to_text(held.first)}  withheld {held.alert.text.en}"
        typer.echo(f"{what}, because {held.because.en}{often}")
    counted = f"{len(found.episodes)} alerts and {len(found.withheld)} withheld over {found.events} events"
    typer.echo(f"{counted}, {found.unknown} not to be judged, {found.failed} failures")


def _rules_of(history: History, folder: Path | None) -> dict[str, Rule]:
    """The rules of a folder; without one those that the hub has, or the shipped if it has none yet."""
    if folder is None and (stored := {each.revision.rule: each.rule for each in history.rules.rules()}):
        return stored
    return {each.id: each.rule for each in read_rules(folder or SHIPPED).values()}


def _one(rules: Mapping[str, Rule], rule: str, folder: Path | None) -> Rule:
    if rule not in rules:
        raise ConfigurationError((Mistake(folder, "RULE", unknown(rule, sorted(rules))),))
    return rules[rule]


@app.command("explain", epilog="Example: hub rules explain 5f0c2d --data data")
def explain_alert(
    alert: Annotated[str, typer.Argument(metavar="ALERT", help="Id of an alert.")],
    machine: MachineFile = None,
    data: DataFolder = None,
) -> None:
    """Say in words why an alert was raised, with the events that spoke."""
    with open_history(machine, data) as history:
        found = history.alerts.alert(alert)
        events = history.alerts.events_of(named_in(found.why))
        version = history.rules.version(found.rule, found.rule_version)
        written = None if version is None else parse_rule(version.text).body
        reasons = explain(found.why, events, history.places, written=written, level=found.level.value)
    typer.echo(f"{found.text_zh}\n{found.text_en}")
    typer.echo(f"{found.rule} version {found.rule_version}, raised {time_to_text(found.raised)}")
    typer.echo(f"{reasons.text.zh}\n{reasons.text.en}")
    for spoke in reasons.spoke:
        typer.echo(f"  {time_to_text(spoke.event.at)}  {spoke.text.zh}\n{' ' * 31}{spoke.text.en}")
    if reasons.against:
        typer.echo("  became known later, and speaks against it:")
    for spoke in reasons.against:
        typer.echo(f"  {time_to_text(spoke.event.at)}  {spoke.text.zh}\n{' ' * 31}{spoke.text.en}")
    if reasons.gone:
        typer.echo(f"  and {reasons.gone} that are no longer stored")


@app.command(
    "why-not", epilog="Example: hub rules why-not fire.two_sources --key house-17 --at 2026-03-01T08:00:00+08:00"
)
def why_it_did_not(
    *,
    rule: Annotated[str, typer.Argument(metavar="RULE", help="Id of a rule.")],
    key: Annotated[
        str, typer.Option("--key", metavar="KEY", help="What it counts for: a site, device or camera/zone.")
    ],
    at: Annotated[str | None, typer.Option("--at", metavar="TIME", help="When; without it, now.")] = None,
    machine: MachineFile = None,
    data: DataFolder = None,
    form: Form = "text",
) -> None:
    """Say in words why a rule did not ring at a moment: what was heard, and what was missing."""
    moment = moment_of(at, "--at") or SystemClock().now()
    with open_history(machine, data) as history:
        answer = ask(rule, key, moment, event_log=history.events, rules=history.rules, community=history.community)
    if form == "json":
        body = {**asdict(answer), "since": time_to_text(answer.since)}
        typer.echo(json.dumps({"rule": rule, "key": key, "at": time_to_text(moment), **body}, ensure_ascii=False))
        return
    typer.echo(f"{answer.text.zh}\n{answer.text.en}")
    for each in answer.findings:
        typer.echo(f"  {each.code:14} {each.text.zh}\n{' ' * 17}{each.text.en}")


def _run(files: tuple[TestFile, ...], rules: dict[str, Written]) -> Iterator[_Done]:
    for file in files:
        for test in file.tests:
            misses = Rehearsal(test).run([rules[rule].rule for rule in test.rules])
            yield _Done(str(file.path), test.name, misses)


def _told(done: list[_Done]) -> Iterator[str]:
    file = ""
    for each in done:
        if each.file != file:
            file = each.file
            yield file
        yield f"  {'FAILED' if each.misses else 'ok    '}  {each.name}"
        for miss in each.misses:
            yield f"          {miss}"
