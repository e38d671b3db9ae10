"""Networks: one of ONNX Runtime on one thread, or a ModelError that says why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnxruntime

from cameras.errors import ModelError


def open_session(path: Path) -> Any:
    """Load a network.

    Args:
        path: Its ONNX file.

    Raises:
        ModelError: It is not there, or no model.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # a worker per core
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's errors have no common root
        raise ModelError(f"{path.name} cannot be loaded: {error}") from error
