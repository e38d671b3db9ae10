"""Importing: a sheet of cameras becomes one revision, or nothing; on request each camera is tried before.

A trial run says what would be done. Cameras are tried some at a time within a bounded time; lines that were not reached
within it are said and left out, and the sheet is sent again for them. Everything is checked anew at the moment of
saving, against the Community of then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from api.access.reaching import reach_of
from api.errors import SheetRefusedError, UnavailableError
from api.onboarding.camera_columns import CAMERA_COLUMNS
from api.onboarding.camera_plan import CameraPlan, Planned, Reachable, Unasked, plan_cameras
from api.onboarding.camera_rows import FoundStreams
from api.onboarding.judging import judged
from api.onboarding.sheets import Says, Sheet, SheetMistake, read_sheet
from api.parts import Parts
from api.setting_up import IMPORT_PLACES
from cameras.setting_up.words import Addresses, Answer, Channel, Probe, Probed, Said
from config.community import Camera, Community
from hub.access import Permission, Principal

TRIALS_WITHIN_S = 300.0
_WATCH_S = 2.0
"""Each stream that is tried: enough for two key frames of most cameras, and a hundred cameras in five minutes."""


@dataclass(frozen=True, slots=True)
class Trial:
    """How the camera of one line answered.

    Attributes:
        line: Of the sheet.
        id: Of the camera.
        problem: Why it cannot be used; None when it can.
        channel: What it gives.
        found: Where its streams are in full, if it was asked by its host; never shown.
        tried: False when the time was over before.
    """

    line: int
    id: str
    problem: Said | None
    channel: Channel | None = None
    found: FoundStreams | None = None
    tried: bool = True


@dataclass(frozen=True, slots=True)
class Import:
    """What was, or would be, done."""

    plan: CameraPlan
    trials: tuple[Trial, ...]
    revision: int | None


def import_cameras(
    here: Parts, who: Principal, data: bytes, *, dry_run: bool, probe: bool, is_gone: Callable[[], bool]
) -> Import:
    """Take a sheet of cameras in.

    Args:
        here: The hub.
        who: Whoever sends it.
        data: The file.
        dry_run: Only say what would be done.
        probe: Try every camera that would be added or changed first.
        is_gone: Whether he has left.

    Raises:
        SheetRefusedError: There are mistakes, or a camera that was tried does not answer; nothing was saved.
        UnavailableError: He has left, or the hub stops.
    """
    sheet = read_sheet(data, CAMERA_COLUMNS)
    reachable = reachable_of(here, who)
    check = here.revisions.mistakes
    plan = plan_cameras(sheet, here.revisions.current(), reachable, check=check, may_ask=probe)
    trials: tuple[Trial, ...] = ()
    found: Mapping[int, FoundStreams] = {}
    if probe:
        trials = _tried(here, plan, is_gone)
        found = {trial.line: trial.found for trial in trials if trial.found is not None}
        sheet = _without_untried(sheet, trials, here.revisions.current())
        plan = plan_cameras(sheet, here.revisions.current(), reachable, check=check, found=found, may_ask=True)
    if dry_run:
        return Import(plan, trials, None)
    _refuse(plan, trials)
    if not plan.changed:
        return Import(plan, trials, None)
    revision = _saved(here, who, sheet, reachable=reachable, found=found)
    return Import(plan, trials, revision)


def reachable_of(here: Parts, who: Principal) -> Reachable:
    """Where somebody may set cameras up."""
    reach = reach_of(here, who)

    def may_change(camera: Camera) -> bool:
        return reach.allows(Permission.ADD_DEVICES, camera=camera.id, site=camera.site)

    return Reachable(
        site=lambda site: reach.allows(Permission.ADD_DEVICES, site=site),
        camera=may_change,
        knows=lambda camera: (
            may_change(camera) or reach.allows(Permission.VIEW_CAMERAS, camera=camera.id, site=camera.site)
        ),
    )


def _saved(
    here: Parts, who: Principal, sheet: Sheet, *, reachable: Reachable, found: Mapping[int, FoundStreams]
) -> int:
    def edit(community: Community) -> Community:
        plan = plan_cameras(sheet, community, reachable, check=here.revisions.mistakes, found=found)
        _refuse(plan, ())
        return plan.applied(community)

    return here.revisions.change(edit, author=who.name, reason=f"cameras imported: {len(sheet.rows)} lines").number


def _refuse(plan: CameraPlan, trials: Sequence[Trial]) -> None:
    mistakes = [*plan.mistakes]
    mistakes += [
        SheetMistake(trial.line, "url", Says(trial.problem.zh, trial.problem.en))
        for trial in trials
        if trial.problem is not None and trial.tried
    ]
    if mistakes:
        raise SheetRefusedError(sorted(mistakes, key=lambda mistake: mistake.line))


def _tried(here: Parts, plan: CameraPlan, is_gone: Callable[[], bool]) -> tuple[Trial, ...]:
    """Try what would be added or changed, as much as fits into the time."""
    end_s = here.clock.monotonic_s() + TRIALS_WITHIN_S
    setting_up = here.onboarding.setting_up

    def is_over() -> bool:
        return is_gone() or here.clock.monotonic_s() >= end_s

    def ask(each: Planned | Unasked) -> Trial:
        if is_over() and not is_gone():
            return _untried(each)
        try:
            answer = setting_up.ask(_probe_of(each, here.onboarding.allowed), is_gone=is_over, of_import=True)
        except UnavailableError:
            if is_gone() or setting_up.is_stopped:
                raise
            return _untried(each)
        return _trial(each, answer)

    with ThreadPoolExecutor(IMPORT_PLACES, thread_name_prefix="trial") as threads:
        return tuple(threads.map(ask, (*plan.changed, *plan.unasked)))


def _untried(each: Planned | Unasked) -> Trial:
    camera = each.row.id if isinstance(each, Unasked) else each.camera.id
    said = Said(
        "not_tried", "时间不够，没有试到，也没有保存；请再次导入这张表",
        "Not tried within the time, and not saved; import the sheet again",
    )  # fmt: skip
    return Trial(each.line, camera, said, tried=False)


def _without_untried(sheet: Sheet, trials: Sequence[Trial], community: Community) -> Sheet:
    """The sheet without the lines that were not tried, and without those that copy from such a new camera."""
    left = {trial.line for trial in trials if not trial.tried}
    there = {camera.id for camera in community.cameras}
    rows = sheet.rows
    while left:
        gone = {row.cells.get("id") for row in rows if row.line in left} - there
        rows = tuple(row for row in rows if row.line not in left)
        left = {row.line for row in rows if row.cells.get("copy_from") in gone}
    return replace(sheet, rows=rows)


def _probe_of(each: Planned | Unasked, allowed: tuple[str, ...]) -> Probe:
    if isinstance(each, Unasked):
        row = each.row
        password = None if row.password is None else row.password.reveal()
        return Probe(each.host, row.username, password, _WATCH_S, allowed)
    main = each.camera.main
    return Probe(main.url, main.username, None if main.password is None else main.password.reveal(), _WATCH_S, allowed)


def _trial(each: Planned | Unasked, answer: Answer) -> Trial:
    camera = each.row.id if isinstance(each, Unasked) else each.camera.id
    problem, channel = judged(answer)
    if problem is not None or channel is None:
        return Trial(each.line, camera, problem)
    found = None
    if isinstance(each, Unasked) and isinstance(answer, Probed):
        number = answer.channels.index(channel)
        full = answer.addresses[number] if number < len(answer.addresses) else Addresses(channel.main.url)
        sub = None if channel.sub is None or channel.sub.problem is not None else full.sub or channel.sub.url
        found = FoundStreams(full.main, sub, answer.onvif_url, channel.name or None)
    return Trial(each.line, camera, None, channel, found)
