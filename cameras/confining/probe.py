"""Probe: what of the confinement this machine offers, `python -m cameras.confining.probe DIR`, as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from cameras.confinement import confine_worker
from config.machine import Machine


def main() -> None:
    """Confine this process as a worker, and say what is in force."""
    found = confine_worker(Machine(data=Path(sys.argv[1])))
    sys.stdout.write(json.dumps({"in_force": found.in_force, "missing": found.missing}))


if __name__ == "__main__":
    main()
