"""A worker with the fake analysis and short times: `python -m tests.fakes.worker_program --link FD`."""

from __future__ import annotations

from cameras.running.task import Tuning
from cameras.worker import start_process
from tests.fakes.analysis import build_analysis, build_shared

if __name__ == "__main__":
    tuning = Tuning(sleep_after_s=2.0, offline_after_s=1.5, hung_after_s=1.0, rest_s=1.0, not_recorded_after_s=2.0)
    start_process(build_shared, build_analysis, tuning)
