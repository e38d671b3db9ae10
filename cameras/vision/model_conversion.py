"""Conversion of an SSD detector from TensorFlow.js to ONNX, once, at set-up.

Reads the TensorFlow graph as JSON and its weights, walks back from the twelve prediction layers to the picture, and
writes the same arithmetic as ONNX: a network of convolutions in NCHW, and the decoding of the boxes behind it. Knows
only the operations that such a network has; anything else is an error that names it, never a guess. Needs numpy and
onnx alone, and runs in the process of `hub models fetch`, never in a worker.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from cameras.errors import ModelError

_PICTURE: Final = "Preprocessor/sub"
"""The node whose value is the scaled picture: here the ONNX input is put in."""
_ANCHORS: Final = "Postprocessor/ExpandDims"
_LEVELS: Final = 6
_BOX_SCALE: Final = np.array([0.1, 0.1, 0.2, 0.2], np.float32)
"""SSD's variances: what the network gives is ten (five) times the shift (log of the size) relative to the anchor."""
_OPSET: Final = 17
_IR_VERSION: Final = 8
"""Old enough for every ONNX runtime of the last years."""
_FLOAT: Final = TensorProto.FLOAT

Weights = Mapping[str, NDArray[Any]]


def read_weights(manifest: list[Mapping[str, Any]], shards: Mapping[str, bytes]) -> dict[str, NDArray[Any]]:
    """The weights of a TensorFlow.js model by node name.

    Args:
        manifest: `weightsManifest` of its model.json.
        shards: The weight files by name.

    Raises:
        ModelError: A type that is not known, quantized weights, or a file too short.
    """
    weights: dict[str, NDArray[Any]] = {}
    for group in manifest:
        data = b"".join(shards[name] for name in group["paths"])
        at = 0
        for entry in group["weights"]:
            if entry["dtype"] not in ("float32", "int32") or "quantization" in entry:
                raise ModelError(f"weight {entry['name']}: {entry['dtype']}, quantized or not, cannot be read")
            kind = np.dtype(entry["dtype"]).newbyteorder("<")
            count = math.prod(entry["shape"])
            if at + count * 4 > len(data):
                raise ModelError(f"weight {entry['name']}: the files end before it")
            weights[entry["name"]] = np.frombuffer(data, kind, count, at).reshape(entry["shape"])
            at += count * 4
    return weights


def convert_ssd(topology: Mapping[str, Any], weights: Weights, *, side_px: int, classes: int) -> onnx.ModelProto:
    """The detector as ONNX.

    Args:
        topology: `modelTopology` of model.json: a TensorFlow GraphDef as JSON.
        weights: By node name.
        side_px: Width and height of its input.
        classes: Number of classes, background included.

    Returns:
        A model from `pictures` (n, side, side, 3) uint8, RGB, to `boxes` (n, anchors, 4) top, left, bottom, right in
        0..1, and `scores` (n, anchors, classes - 1) in 0..1, without the background.

    Raises:
        ModelError: The graph holds something that this conversion does not know.
    """
    return _Conversion(topology, weights).model(side_px, classes)


class _Conversion:
    """One graph being converted; values are named as the TensorFlow nodes are."""

    def __init__(self, topology: Mapping[str, Any], weights: Weights) -> None:
        self._source = {node["name"]: node for node in topology["node"]}
        self._weights = weights
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}
        self._done: set[str] = set()

    def model(self, side_px: int, classes: int) -> onnx.ModelProto:
        anchors = np.asarray(self._weight(_ANCHORS), np.float32).reshape(-1, 4)
        self._picture()
        encoded, scores = [], []
        for level in range(_LEVELS):
            encoded.append(self._head(f"BoxPredictor_{level}/BoxEncodingPredictor/BiasAdd", 4))
            scores.append(self._head(f"BoxPredictor_{level}/ClassPredictor/BiasAdd", classes))
        self._add("Concat", encoded, "encoded", axis=1)
        self._add("Concat", scores, "logits", axis=1)
        self._add("Sigmoid", ["logits"], "all scores")
        # Class 0 is the background.
        self._add("Slice", ["all scores", *(self._number(n) for n in ([1], [classes], [2]))], "scores")
        self._decode(anchors)
        graph = helper.make_graph(
            self._nodes,
            "objects",
            [helper.make_tensor_value_info("pictures", TensorProto.UINT8, ["n", side_px, side_px, 3])],
            [
                helper.make_tensor_value_info("boxes", _FLOAT, ["n", len(anchors), 4]),
                helper.make_tensor_value_info("scores", _FLOAT, ["n", len(anchors), classes - 1]),
            ],
            list(self._constants.values()),
        )
        opset = helper.make_opsetid("", _OPSET)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=_IR_VERSION, producer_name="community-hub")
        onnx.checker.check_model(model)
        return model

    def _picture(self) -> None:
        """From bytes to -1..1, and from NHWC to NCHW."""
        self._add("Cast", ["pictures"], "as floats", to=_FLOAT)
        self._add("Mul", ["as floats", self._constant("2/255", np.float32(2 / 255))], "as 0..2")
        self._add("Sub", ["as 0..2", self._constant("one", np.float32(1))], "as -1..1")
        self._add("Transpose", ["as -1..1"], _PICTURE, perm=[0, 3, 1, 2])
        self._done.add(_PICTURE)

    def _head(self, name: str, width: int) -> str:
        """One prediction layer as (n, anchors of its level, width)."""
        value = self._value(name)
        self._add("Transpose", [value], f"{name} last", perm=[0, 2, 3, 1])
        shape = self._number([0, -1, width])
        self._add("Reshape", [f"{name} last", shape], f"{name} flat")
        return f"{name} flat"

    def _decode(self, anchors: NDArray[np.float32]) -> None:
        sizes = anchors[:, 2:] - anchors[:, :2]
        centres = (anchors[:, 2:] + anchors[:, :2]) / 2
        self._add("Mul", ["encoded", self._constant("box scale", _BOX_SCALE)], "shift and size")
        halves = self._number([2, 2])
        self._nodes.append(
            helper.make_node("Split", ["shift and size", halves], ["shift", "log size"], axis=2, name="halves")
        )
        self._add("Mul", ["shift", self._constant("anchor sizes", sizes)], "shift in picture")
        self._add("Add", ["shift in picture", self._constant("anchor centres", centres)], "centres")
        self._add("Exp", ["log size"], "relative size")
        self._add("Mul", ["relative size", self._constant("anchor half sizes", sizes / 2)], "half sizes")
        self._add("Sub", ["centres", "half sizes"], "top left")
        self._add("Add", ["centres", "half sizes"], "bottom right")
        self._add("Concat", ["top left", "bottom right"], "boxes", axis=2)

    def _value(self, name: str) -> str:
        """Make sure that the value of a TensorFlow node is computed; returns its name."""
        if name in self._done:
            return name
        node = self._source.get(name)
        if node is None:
            raise ModelError(f"the graph has no node {name}")
        convert = getattr(self, f"_op_{node['op'].lower()}", None)
        if convert is None:
            raise ModelError(f"node {name}: operation {node['op']} is not known to this conversion")
        convert(node, [source for source in node["input"] if not source.startswith("^")])
        self._done.add(name)
        return name

    def _op_conv2d(self, node: Mapping[str, Any], inputs: list[str]) -> None:
        kernel = self._weight(inputs[1]).transpose(3, 2, 0, 1)
        self._convolution(node, inputs[0], kernel, group=1)

    def _op_depthwiseconv2dnative(self, node: Mapping[str, Any], inputs: list[str]) -> None:
        kernel = self._weight(inputs[1])
        high, wide, channels, times = kernel.shape
        spread = kernel.transpose(2, 3, 0, 1).reshape(channels * times, 1, high, wide)
        self._convolution(node, inputs[0], spread, group=channels)

    def _convolution(self, node: Mapping[str, Any], source: str, kernel: NDArray[Any], *, group: int) -> None:
        attributes = node["attr"]
        text = attributes["padding"]["s"]  # bytes as base64, or in older files as a list of numbers
        padding = (base64.b64decode(text) if isinstance(text, str) else bytes(text)).decode()
        if padding not in ("SAME", "VALID"):
            raise ModelError(f"node {node['name']}: padding {padding} is not known")
        self._add(
            "Conv",
            [self._value(source), self._constant(f"{node['name']} kernel", kernel)],
            node["name"],
            strides=[int(step) for step in attributes["strides"]["list"]["i"][1:3]],
            auto_pad="SAME_UPPER" if padding == "SAME" else "VALID",
            group=group,
        )

    def _op_fusedbatchnorm(self, node: Mapping[str, Any], inputs: list[str]) -> None:
        parameters = [self._constant(name, self._weight(name)) for name in inputs[1:]]
        epsilon = float(node["attr"]["epsilon"]["f"])
        self._add("BatchNormalization", [self._value(inputs[0]), *parameters], node["name"], epsilon=epsilon)

    def _op_relu6(self, node: Mapping[str, Any], inputs: list[str]) -> None:
        limits = [self._constant("zero", np.float32(0)), self._constant("six", np.float32(6))]
        self._add("Clip", [self._value(inputs[0]), *limits], node["name"])

    def _op_biasadd(self, node: Mapping[str, Any], inputs: list[str]) -> None:
        self._elementwise("Add", node, inputs)

    def _op_add(self, node: Mapping[str, Any], inputs: list[str]) -> None:
        self._elementwise("Add", node, inputs)

    def _op_mul(self, node: Mapping[str, Any], inputs: list[str]) -> None:
        self._elementwise("Mul", node, inputs)

    def _op_addn(self, node: Mapping[str, Any], inputs: list[str]) -> None:
        self._add("Sum", [self._value(name) for name in inputs], node["name"])

    def _elementwise(self, operation: str, node: Mapping[str, Any], inputs: list[str]) -> None:
        """Of two values, or of one value and one number per channel."""
        operands = []
        for name in inputs:
            weight = self._weights.get(name)
            if weight is None:
                operands.append(self._value(name))
            else:
                operands.append(self._constant(f"{name} per channel", weight.reshape(1, -1, 1, 1)))
        self._add(operation, operands, node["name"])

    def _weight(self, name: str) -> NDArray[Any]:
        weight = self._weights.get(name)
        if weight is None:
            raise ModelError(f"the model has no weight {name}")
        return weight

    def _constant(self, name: str, value: NDArray[Any] | np.generic) -> str:
        if name not in self._constants:
            self._constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def _number(self, numbers: list[int]) -> str:
        return self._constant(f"numbers {numbers}", np.array(numbers, np.int64))

    def _add(self, operation: str, inputs: list[str], output: str, **attributes: Any) -> None:
        self._nodes.append(helper.make_node(operation, inputs, [output], name=output, **attributes))
