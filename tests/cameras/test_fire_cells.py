"""Claims about fire cells."""

from __future__ import annotations

import numpy as np
import pytest

from cameras.vision.fire.cells import FireCells


@pytest.mark.parametrize(("wide", "high"), [(352, 640), (406, 720), (1080, 1920), (640, 360), (960, 540), (768, 576)])
def test_a_tall_picture_is_looked_at_as_small_as_a_wide_one(wide: int, high: int) -> None:
    cells = FireCells()
    cells.look(np.zeros((high, wide, 3), np.uint8), 0.0)
    assert 0.6 <= cells.recent[0].size / (320 * 180) <= 1.4
