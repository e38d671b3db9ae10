"""Judging: what the answer of a camera that was tried comes to: what is wrong with it, or what it gives. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

from cameras.reaching import Problem
from cameras.setting_up.asking import failed
from cameras.setting_up.words import Answer, Channel, Failed, Probed, Said


def judged(answer: Answer) -> tuple[Said | None, Channel | None]:
    """What is wrong with a camera that was tried, or what it gives."""
    if isinstance(answer, Failed):
        return Said(answer.problem.value, answer.zh, answer.en, answer.detail), None
    if not isinstance(answer, Probed):
        return _said(Problem.FAILED), None
    good = next((channel for channel in answer.channels if channel.main.problem is None), None)
    if good is not None:
        return None, good
    if answer.channels:
        return answer.channels[0].main.problem, None
    return answer.onvif_problem or _said(Problem.NO_VIDEO), None


def _said(problem: Problem) -> Said:
    answer = failed(problem)
    return Said(problem.value, answer.zh, answer.en)


def host_of(url: str) -> str:
    """The host of an address, for the audit; empty when it has none."""
    try:
        return urlsplit(url if "://" in url else f"//{url}").hostname or ""
    except ValueError:
        return ""
