"""Conversion of NanoDet-g from TensorFlow.js to ONNX, once, at set-up.

The graph in the package came from PyTorch by way of ONNX and TensorFlow: every convolution stands between two
transpositions and behind a padding of its own. Here the values stay as (n, channels, height, width) throughout,
paddings go into what they pad, and sizes become factors, so that the network takes pictures of any size in multiples of
32 px. Knows only the operations that this network has; anything else is an error that names it, never a guess.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from cameras.errors import ModelError

_HEADS: Final = tuple(f"PartitionedCall/transpose_{number}" for number in (99, 105, 111))
"""What the three levels give, strides of 8, 16 and 32 px, before they are cut into scores and sides."""
_INPUT: Final = "input_1"
_DEVIATION: Final = np.array([57.375, 57.12, 58.395], np.float32)
"""By which the network wants its colours divided, blue first: goes into the first kernel."""
_TO_LAST: Final = (0, 2, 3, 1)
_TO_FIRST: Final = (0, 3, 1, 2)
_FLOAT: Final = TensorProto.FLOAT
_OPSET: Final = 17
_IR_VERSION: Final = 8
"""Old enough for every ONNX runtime of the last years."""

Weights = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class _Value:
    """A value of the graph: how TensorFlow sees it, and what stands for it in ONNX.

    Attributes:
        name: In ONNX, always (n, channels, height, width).
        channels_last: Whether TensorFlow sees (n, height, width, channels).
        side_px: Its height and width at the size for which the TensorFlow graph was made.
        padding: Still to be put around it, by whoever takes it: top, left, bottom, right.
    """

    name: str
    channels_last: bool
    side_px: int
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)


def read_weights(manifest: list[Mapping[str, Any]], shards: Mapping[str, bytes]) -> dict[str, NDArray[Any]]:
    """The weights of a TensorFlow.js model by node name.

    Args:
        manifest: `weightsManifest` of its model.json.
        shards: The weight files by name.

    Raises:
        ModelError: A type or quantization that is not known, or a file too short.
    """
    weights: dict[str, NDArray[Any]] = {}
    for group in manifest:
        data = b"".join(shards[name] for name in group["paths"])
        at = 0
        for entry in group["weights"]:
            kind = _kind(entry)
            count = math.prod(entry["shape"])
            if at + count * kind.itemsize > len(data):
                raise ModelError(f"weight {entry['name']}: the files end before it")
            values = np.frombuffer(data, kind, count, at).reshape(entry["shape"])
            weights[entry["name"]] = values.astype(np.float32) if entry["dtype"] == "float32" else values
            at += count * kind.itemsize
    return weights


def _kind(entry: Mapping[str, Any]) -> np.dtype[Any]:
    """How a weight lies in the files: floats may have been cut to halves."""
    stored = entry.get("quantization", {}).get("dtype", entry["dtype"])
    if (entry["dtype"], stored) not in (("float32", "float32"), ("float32", "float16"), ("int32", "int32")):
        raise ModelError(f"weight {entry['name']}: {entry['dtype']} kept as {stored} cannot be read")
    return np.dtype(f"<{stored[0]}{4 if stored.endswith('32') else 2}")


def convert_nanodet(topology: Mapping[str, Any], weights: Weights, *, side_px: int) -> onnx.ModelProto:
    """The detector as ONNX.

    Args:
        topology: `modelTopology` of model.json: a TensorFlow GraphDef as JSON.
        weights: By node name.
        side_px: Width and height for which the graph was made.

    Returns:
        A model from `pictures` (n, 3, height, width) float32, BGR, less ImageNet's mean of 0..255, to `level8`,
        `level16` and `level32`, each (n, classes + sides, height / 8, width / 8) and so on.

    Raises:
        ModelError: The graph holds something that this conversion does not know.
    """
    return _Conversion(topology, weights, side_px).model()


class _Conversion:
    """One graph being converted."""

    def __init__(self, topology: Mapping[str, Any], weights: Weights, side_px: int) -> None:
        self._source = {node["name"]: node for node in topology["node"]}
        self._weights = weights
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}
        self._done = {_INPUT: _Value("pictures", channels_last=False, side_px=side_px)}

    def model(self) -> onnx.ModelProto:
        outputs = []
        for name, stride in zip(_HEADS, (8, 16, 32), strict=True):
            value = self._value(name)
            self._add("Identity", [value.name], f"level{stride}")
            shape = ["n", "channels", f"height/{stride}", f"width/{stride}"]
            outputs.append(helper.make_tensor_value_info(f"level{stride}", _FLOAT, shape))
        pictures = helper.make_tensor_value_info("pictures", _FLOAT, ["n", 3, "height", "width"])
        graph = helper.make_graph(self._nodes, "objects", [pictures], outputs, list(self._constants.values()))
        opset = helper.make_opsetid("", _OPSET)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=_IR_VERSION, producer_name="community-hub")
        onnx.checker.check_model(model)
        return model

    def _value(self, name: str) -> _Value:
        """Make sure that the value of a TensorFlow node is computed."""
        if name not in self._done:
            node = self._source.get(name)
            if node is None:
                raise ModelError(f"the graph has no node {name}")
            convert = getattr(self, f"_op_{node['op'].lower()}", None)
            if convert is None:
                raise ModelError(f"node {name}: operation {node['op']} is not known to this conversion")
            self._done[name] = convert(node, [source for source in node["input"] if not source.startswith("^")])
        return self._done[name]

    def _op_transpose(self, node: Mapping[str, Any], inputs: list[str]) -> _Value:
        """Only another view of the same value."""
        value, order = self._value(inputs[0]), tuple(int(axis) for axis in self._weight(inputs[1]))
        if order != (_TO_FIRST if value.channels_last else _TO_LAST):
            raise ModelError(f"node {node['name']}: a transposition by {order} is not known")
        return replace(value, channels_last=not value.channels_last)

    def _op_pad(self, node: Mapping[str, Any], inputs: list[str]) -> _Value:
        value, around = self._value(inputs[0]), self._weight(inputs[1])
        if value.channels_last or any(value.padding) or around[:2].any():
            raise ModelError(f"node {node['name']}: such a padding is not known")
        (top, bottom), (left, right) = around[2].tolist(), around[3].tolist()
        return replace(value, padding=(top, left, bottom, right), side_px=value.side_px + top + bottom)

    _op_padv2 = _op_pad  # before the maximum, with minus infinity: what ONNX's own padding there means

    def _op_conv2d(self, node: Mapping[str, Any], inputs: list[str]) -> _Value:
        kernel = self._weight(inputs[1]).transpose(3, 2, 0, 1)
        if self._value(inputs[0]).name == "pictures":
            kernel = kernel / _DEVIATION[:, None, None]
        name = f"{node['name']} kernel"
        return self._window("Conv", node, [inputs[0], self._constant(name, kernel)], kernel.shape[2])

    def _op_maxpool(self, node: Mapping[str, Any], inputs: list[str]) -> _Value:
        size = int(node["attr"]["ksize"]["list"]["i"][1])
        return self._window("MaxPool", node, inputs, size, kernel_shape=[size, size])

    def _window(
        self, operation: str, node: Mapping[str, Any], inputs: list[str], size: int, **attributes: Any
    ) -> _Value:
        """Something that slides over the picture."""
        value, more = self._value(inputs[0]), inputs[1:]
        step = int(node["attr"]["strides"]["list"]["i"][1])
        if not value.channels_last or node["attr"]["padding"]["s"] != "VkFMSUQ=":  # VALID
            raise ModelError(f"node {node['name']}: such a {operation} is not known")
        pads = list(value.padding)
        self._add(operation, [value.name, *more], node["name"], strides=[step, step], pads=pads, **attributes)
        return _Value(node["name"], channels_last=True, side_px=(value.side_px - size) // step + 1)

    def _op_leakyrelu(self, node: Mapping[str, Any], inputs: list[str]) -> _Value:
        value = self._value(inputs[0])
        self._add("LeakyRelu", [value.name], node["name"], alpha=float(node["attr"]["alpha"]["f"]))
        return replace(value, name=node["name"])

    def _op_concatv2(self, node: Mapping[str, Any], inputs: list[str]) -> _Value:
        values = [self._value(name) for name in inputs[:-1]]
        if any(value.channels_last for value in values) or int(self._weight(inputs[-1])) != 1:
            raise ModelError(f"node {node['name']}: only channels are put together")
        self._add("Concat", [value.name for value in values], node["name"], axis=1)
        return replace(values[0], name=node["name"])

    def _op_add(self, node: Mapping[str, Any], inputs: list[str]) -> _Value:
        """Two values, or a value and one number per channel."""
        value, other = self._value(inputs[0]), inputs[1]
        if other in self._weights:
            number = self._constant(f"{node['name']} per channel", self._weight(other).reshape(1, -1, 1, 1))
        else:
            number = self._value(other).name
        self._add("Add", [value.name, number], node["name"])
        return replace(value, name=node["name"])

    def _op_resizebilinear(self, node: Mapping[str, Any], inputs: list[str]) -> _Value:
        value, attributes = self._value(inputs[0]), node["attr"]
        if not attributes["half_pixel_centers"]["b"] or attributes["align_corners"]["b"]:
            raise ModelError(f"node {node['name']}: only half-pixel centres are known")
        side_px = int(self._weight(inputs[1])[0])
        factor = np.array([1, 1, side_px / value.side_px, side_px / value.side_px], np.float32)
        self._add(
            "Resize",
            [value.name, "", self._constant(f"factor {factor[2]}", factor)],
            node["name"],
            mode="linear",
            coordinate_transformation_mode="half_pixel",
        )
        return replace(value, name=node["name"], side_px=side_px)

    def _weight(self, name: str) -> NDArray[Any]:
        weight = self._weights.get(name)
        if weight is None:
            raise ModelError(f"the model has no weight {name}")
        return weight

    def _constant(self, name: str, value: NDArray[Any]) -> str:
        if name not in self._constants:
            self._constants[name] = numpy_helper.from_array(np.ascontiguousarray(value, np.float32), name)
        return name

    def _add(self, operation: str, inputs: list[str], output: str, **attributes: Any) -> None:
        self._nodes.append(helper.make_node(operation, inputs, [output], name=output, **attributes))
