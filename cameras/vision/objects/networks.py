"""Networks: one of ONNX Runtime on one thread, or a ModelError that says why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cameras.errors import ModelError
from cameras.vision import onnx


def open_session(path: Path) -> Any:
    """Load a network.

    Args:
        path: Its ONNX file.

    Raises:
        ModelError: It is not there, or no model.
    """
    try:
        return onnx.load(path)
    except Exception as error:  # the runtime's errors have no common root
        raise ModelError(f"{path.name} cannot be loaded: {error}") from error
