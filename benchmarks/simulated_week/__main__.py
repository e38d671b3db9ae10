"""Hold the shipped rules to the week: what the room is asked, and whether everything true was told.

    python -m benchmarks.simulated_week [--days 7] [--seed 7] [--rules FOLDER] [--shifts] [--page FILE]

The engine runs as it does live, on the events' own time; somebody resolves every alert a quarter of an hour after it
was raised. With --shifts or --page people work in a real store (`staff.py`), and the shift reports are counted from its
journal as those of a hub are. The report says how many annunciations there were, by shift, family and rule, how many of
the alerts were no story's doing, the time in flood, and every true event that was missed. Exit status 1 when the week
breaks a promise.
"""

from __future__ import annotations

import argparse
import tempfile
from datetime import timedelta
from pathlib import Path

from alerts.language.rulebook import SHIPPED
from benchmarks.simulated_week.report import print_report, shift_page
from benchmarks.simulated_week.run import live_through
from hub.clock import SystemClock


def main() -> int:
    """Simulate, print, and say whether all promises were kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulated_week", description=__doc__)
    parser.add_argument("--days", type=int, default=7, choices=range(1, 8), metavar="1..7")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rules", type=Path, default=SHIPPED, help="a folder of rules; the shipped ones if left out")
    parser.add_argument("--shifts", action="store_true", help="print a line for each shift of eight hours")
    parser.add_argument("--page", type=Path, help="write the printable report of the busiest shift here")
    parser.add_argument("--lang", choices=("zh", "en"), default="zh", help="of that page")
    chosen = parser.parse_args()
    clock = SystemClock()
    began_s = clock.monotonic_s()
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) if chosen.shifts or chosen.page else None
        week = live_through(chosen.rules, days=chosen.days, seed=chosen.seed, store=store)
        took = timedelta(seconds=clock.monotonic_s() - began_s)
        try:
            kept = print_report(week, took=took, shifts=chosen.shifts)
            if chosen.page is not None:
                chosen.page.write_text(shift_page(week, chosen.lang), encoding="utf-8")
        finally:
            if week.staff is not None:
                week.staff.close()
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
