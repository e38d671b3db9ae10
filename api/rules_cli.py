"""`hub rules`: rules tried out without a hub."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from alerts.mutants import scores
from alerts.rehearsal import Miss, Rehearsal
from alerts.rulebook import SHIPPED
from alerts.ruletests import TestFile, load_tests
from alerts.written import Written, read_rules
from hub.clock import SystemClock

app = typer.Typer(no_args_is_help=True, help="Rules, tried out without a hub.")

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Rule files and their tests; without it the shipped.")]
Form = Annotated[Literal["json", "text"], typer.Option("--format", help="For a program, or for people.")]


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
