"""Half: stores the weights of an ONNX model in half precision; what computes stays in single precision."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_LEAST_NUMBERS = 1024
"""Smaller tensors stay as they are: nothing is won, and constants of shapes must not be touched."""


def halved(path: Path) -> None:
    """Rewrite the model at `path` so that its weights take half the room."""
    model = onnx.load(str(path))
    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < _LEAST_NUMBERS:
            continue
        small = numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), f"{tensor.name}.half")
        casts.append(helper.make_node("Cast", [small.name], [tensor.name], to=TensorProto.FLOAT))
        tensor.CopyFrom(small)
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
