"""Engines: what runs a network: ONNX Runtime, OpenCV's own, OpenVINO, or a graphics card by CUDA.

All look alike from here: arrays in by name, arrays out by name. One thread each, because a worker has one core. Which
is faster was measured, see docs/decisions/0011-inference-engine.md; `auto` is the outcome.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from cameras.errors import ModelError
from cameras.vision import onnx
from config.machine import EngineName

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Port:
    """An input of a network.

    Attributes:
        name: As in its file.
        shape: Sizes; None where the file leaves one open.
        whole: Whether it takes bytes or whole numbers, and no floats.
    """

    name: str
    shape: tuple[int | None, ...]
    whole: bool


class Engine(Protocol):
    """One loaded network."""

    @property
    def ports(self) -> tuple[Port, ...]:
        """Its inputs."""

    @property
    def notes(self) -> Mapping[str, str]:
        """What whoever wrote the file put in it, such as the names of its classes."""

    def run(self, feeds: Arrays) -> dict[str, NDArray[Any]]:
        """All its outputs for these inputs."""


def open_engine(path: Path, engine: EngineName = "auto", *, threads: int = 1) -> Engine:
    """Load a network.

    Args:
        path: Its ONNX file.
        engine: What is to run it.
        threads: How many of it; OpenCV has as many as `cv2.setNumThreads` says.

    Raises:
        ModelError: It is not there, no network, or not one for this engine; or the engine is not installed.
    """
    if not path.is_file():
        raise ModelError(f"there is no {path}")
    try:
        return _ENGINES[engine](path, threads)
    except ModelError:
        raise
    except Exception as error:  # the engines' errors have no common root
        raise ModelError(f"{path.name} cannot be loaded: {str(error).strip() or type(error).__name__}") from error


class _OnnxRuntime:
    """ONNX Runtime, on the processor or a graphics card."""

    def __init__(self, path: Path, threads: int, provider: str = "CPUExecutionProvider") -> None:
        self._session = onnx.load(path, threads=threads, provider=provider)
        if provider not in self._session.get_providers():  # it falls back to the processor without a word
            raise ModelError(f"{provider} does not start on this machine")
        self._outputs = [one.name for one in self._session.get_outputs()]
        self.ports = tuple(
            Port(one.name, _sizes(one.shape), whole="int" in one.type) for one in self._session.get_inputs()
        )
        self.notes: Mapping[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)

    def run(self, feeds: Arrays) -> dict[str, NDArray[Any]]:
        """All its outputs for these inputs."""
        return dict(zip(self._outputs, self._session.run(self._outputs, dict(feeds)), strict=True))


class _OpenCv:
    """OpenCV's engine for ONNX, the one that came with OpenCV 5."""

    def __init__(self, path: Path, threads: int) -> None:
        del threads  # OpenCV has one number for all that it does
        self.ports, self._outputs, self.notes = _described(path)
        self._network = cv2.dnn.readNetFromONNX(str(path), engine=cv2.dnn.ENGINE_NEW)

    def run(self, feeds: Arrays) -> dict[str, NDArray[Any]]:
        """All its outputs for these inputs."""
        for name, value in feeds.items():
            self._network.setInput(np.ascontiguousarray(value), name)
        return dict(zip(self._outputs, self._network.forward(self._outputs), strict=True))


class _OpenVino:
    """Intel's engine, for its processors and their graphics."""

    def __init__(self, path: Path, threads: int) -> None:
        try:
            openvino = importlib.import_module("openvino")  # an extra, not there for everybody
        except ImportError as error:
            raise ModelError("engine openvino is not installed: pip install 'community-hub[openvino]'") from error
        self.ports, self._outputs, self.notes = _described(path)
        settings = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1}
        self._request = openvino.Core().compile_model(str(path), "CPU", settings).create_infer_request()

    def run(self, feeds: Arrays) -> dict[str, NDArray[Any]]:
        """All its outputs for these inputs."""
        answer = self._request.infer(dict(feeds))
        # Its own names are those of inner nodes; the order is the file's.
        return {name: np.array(answer[number]) for number, name in enumerate(self._outputs)}


def _described(path: Path) -> tuple[tuple[Port, ...], list[str], Mapping[str, str]]:
    """Inputs, outputs and notes of a file, for engines that do not tell them."""
    import onnx  # noqa: PLC0415 -- takes 0.3 s to import, and the usual engine does without

    model = onnx.load(str(path), load_external_data=False)
    weights = {one.name for one in model.graph.initializer}
    floats = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16)
    ports = tuple(
        Port(
            one.name,
            tuple(size.dim_value or None for size in one.type.tensor_type.shape.dim),
            whole=one.type.tensor_type.elem_type not in floats,
        )
        for one in model.graph.input
        if one.name not in weights
    )
    return ports, [one.name for one in model.graph.output], {one.key: one.value for one in model.metadata_props}


def _cuda(path: Path, threads: int) -> Engine:
    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        raise ModelError("engine cuda is not installed: pip install --force-reinstall --no-deps onnxruntime-gpu")
    return _OnnxRuntime(path, threads, "CUDAExecutionProvider")


_ENGINES: Final[Mapping[str, Callable[[Path, int], Engine]]] = {
    "auto": _OnnxRuntime,
    "onnxruntime": _OnnxRuntime,
    "opencv": _OpenCv,
    "openvino": _OpenVino,
    "cuda": _cuda,
}


def _sizes(shape: list[int | str | None]) -> tuple[int | None, ...]:
    return tuple(size if isinstance(size, int) and size > 0 else None for size in shape)
