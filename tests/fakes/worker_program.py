"""A worker with the fake analysis and short times: `python -m tests.fakes.worker_program [--segment-s=S] --link FD`."""

from __future__ import annotations

import sys

from cameras.running.task import Tuning
from cameras.worker import start_process
from tests.fakes.analysis import build_analysis, build_shared

SEGMENT = "--segment-s="
"""For segments that are shorter than the settings may ask for."""


def main() -> None:
    """The program."""
    wanted = [word for word in sys.argv if word.startswith(SEGMENT)]
    for word in wanted:
        sys.argv.remove(word)
    tuning = Tuning(
        sleep_after_s=2.0,
        offline_after_s=1.2,
        hung_after_s=1.0,
        rest_s=0.4,
        not_recorded_after_s=2.0,
        live_linger_s=1.0,
        segment_s=float(wanted[0].removeprefix(SEGMENT)) if wanted else None,
    )
    start_process(build_shared, build_analysis, tuning)


if __name__ == "__main__":
    main()
