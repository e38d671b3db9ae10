"""`hub rules`: rules tried out without a hub."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from alerts.rehearsal import Miss, Rehearsal
from alerts.rulebook import SHIPPED
from alerts.ruletests import TestFile, load_tests
from alerts.written import Written, read_rules

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
