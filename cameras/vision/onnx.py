"""ONNX: how every network is loaded into ONNX Runtime; quietly, in as many threads as it is given, and telling nobody.

The library can send events about its use to its maker; here it never does.
"""

from __future__ import annotations

from pathlib import Path

import onnxruntime


def load(path: Path, *, threads: int = 1, provider: str = "CPUExecutionProvider") -> onnxruntime.InferenceSession:
    """A network, ready to be asked.

    Args:
        path: Its ONNX file.
        threads: One by default: there is a worker per core.
        provider: What computes.

    Raises:
        Exception: It is not there, or no network; the runtime's errors have no common root.
    """
    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=[provider])
