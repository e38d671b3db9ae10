"""View shares: what became of the cells of a camera's usual picture: kept, soft, gone, burnt, or something else there.

Only cells that usually show something can tell. Each has a physical reason, written at its threshold; what lasts, and
what it is called, is judged by `cameras/detectors/view.py`. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from cameras.vision.views.viewing import UsualView, View

ALIKE: Final = 0.5
_UNLIKE: Final = 0.4
"""Agreement of edge directions in a cell; chance gives 0 with a spread of about 0.2."""
BURNT: Final = 240.0
"""Mean brightness of a cell of which nearly all is saturated."""
_TELLING: Final = 14
"""Cells: a tenth of the picture. With fewer that hold any structure (a bare wall, the sky) nothing can be said."""
_FAINT: Final = 0.35
"""Of the usual detail: a blur of 2 px of a 640 px picture leaves about this of an edge."""
_KNOWN_DETAIL: Final = 0.4
_NEW_DETAIL: Final = 0.3
"""Agreement of fine detail in a cell with the usual one."""
_VEILED: Final = 0.12
"""Of the usual contrast of structure: less is not to be told from nothing."""


@dataclass(frozen=True, slots=True)
class Shares:
    """What became of the telling cells, as shares of them.

    Attributes:
        kept: They show what they usually do.
        soft: Their structure is there and its fine detail is not.
        gone: Nothing is there.
        other: Something else is there.
        new: Cells with something new and sharp, telling or not, per telling cell.
        burnt: They are white and usually are not.
        sharpness: Fine detail, 1 is usual.
        contrast: Structure, 1 is usual.
    """

    kept: float
    soft: float
    gone: float
    other: float
    new: float
    burnt: float
    sharpness: float
    contrast: float


NOTHING_GONE: Final = Shares(1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0)
"""Of a picture as it usually is."""


def shares_of(usual: UsualView, view: View) -> Shares | None:
    """What became of the telling cells; None when there are too few."""
    telling = usual.telling()
    count = int(np.count_nonzero(telling))
    if count < _TELLING:
        return None
    alike = usual.alike(view.directions)
    detail = view.detail / np.maximum(usual.detail, 1e-6)
    structure = view.structure / np.maximum(usual.structure, 1e-6)
    burnt = telling & (view.light >= BURNT) & (usual.light < BURNT - 25)  # skies are nearly white every day
    faint = detail < _FAINT
    finely = usual.alike_finely(view)
    kept = telling & ((alike >= ALIKE) | (finely >= _KNOWN_DETAIL)) & ~faint & ~burnt
    soft = telling & (alike >= _UNLIKE) & faint & ~burnt & (structure >= _VEILED)
    gone = telling & faint & ~view.restless & ~burnt & ~soft & ~kept
    share = {name: np.count_nonzero(cells) / count for name, cells in
             (("kept", kept), ("soft", soft), ("gone", gone), ("burnt", burnt))}  # fmt: skip
    new = usual.sharp(view) & (finely < _NEW_DETAIL) & ~kept & ~view.restless
    other = 1 - sum(share.values())
    return Shares(
        share["kept"], share["soft"], share["gone"], other, np.count_nonzero(new) / count, share["burnt"],
        sharpness=float(np.median(detail[telling])),
        contrast=float(np.median(structure[telling])),
    )  # fmt: skip
