"""The fire verifier: crops of any size get two scores, alone as among others; a bad file is said to be one."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper

from cameras.errors import ModelError
from cameras.training.half import halved
from cameras.vision.fire.verifier import WEIGHTS, FireVerifier

MOST_BYTES = 8_000_000


def _model(path: Path, *, output: str = "scores", side: int = 16) -> Path:
    """A network whose scores are the mean of blue and of green, 0..1."""
    nodes = [
        helper.make_node("Cast", ["pictures"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["numbers", "axes"], ["means"], keepdims=0),
        helper.make_node("Gather", ["means", "two"], ["chosen"], axis=1),
        helper.make_node("Div", ["chosen", "full"], [output]),
    ]
    constants = [
        helper.make_tensor("axes", TensorProto.INT64, [2], [1, 2]),
        helper.make_tensor("two", TensorProto.INT64, [2], [0, 1]),
        helper.make_tensor("full", TensorProto.FLOAT, [1], [255.0]),
    ]
    pictures = helper.make_tensor_value_info("pictures", TensorProto.UINT8, ["n", side, side, 3])
    scores = helper.make_tensor_value_info(output, TensorProto.FLOAT, ["n", 2])
    graph = helper.make_graph(nodes, "mean", [pictures], [scores], constants)
    opset = helper.make_opsetid("", 18)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=10), str(path))
    return path


def _plain(blue: int, green: int, *, size: tuple[int, int] = (16, 16)) -> NDArray[np.uint8]:
    return np.full((*size, 3), (blue, green, 0), np.uint8)


def test_crops_of_any_size_get_fire_and_smoke_in_their_order(tmp_path: Path) -> None:
    verifier = FireVerifier(_model(tmp_path / "mean.onnx"))
    sizes = [(16, 16), (3, 50), (200, 90), (1, 1)]
    found = verifier.look([_plain(51 * number, 255, size=size) for number, size in enumerate(sizes)])
    assert found == [pytest.approx((0.2 * number, 1.0), abs=0.01) for number in range(4)]


def test_more_crops_than_fit_in_one_run_keep_their_order(tmp_path: Path) -> None:
    verifier = FireVerifier(_model(tmp_path / "mean.onnx"))
    found = verifier.look([_plain(number * 10, 0) for number in range(21)])
    assert [round(fire * 25.5) for fire, _ in found] == list(range(21))


def test_no_crops_are_no_scores(tmp_path: Path) -> None:
    assert FireVerifier(_model(tmp_path / "mean.onnx")).look([]) == []


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.onnx"):
        FireVerifier(tmp_path / "none.onnx")


def test_a_file_that_is_no_model_is_told(tmp_path: Path) -> None:
    (tmp_path / "text.onnx").write_text("no model", encoding="utf-8")
    with pytest.raises(ModelError, match=r"text\.onnx"):
        FireVerifier(tmp_path / "text.onnx")


def test_another_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not a fire verifier"):
        FireVerifier(_model(tmp_path / "other.onnx", output="boxes"))


def test_half_precision_halves_the_file_and_keeps_the_answer(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    matrix = helper.make_tensor("matrix", TensorProto.FLOAT, [64, 64], rng.normal(0, 1, 4096).astype(np.float32))
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "matrix"], ["y"])],
        "product",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 64])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 64])],
        [matrix],
    )
    path = tmp_path / "product.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), str(path))
    before = path.stat().st_size
    from onnxruntime import InferenceSession

    x = rng.normal(0, 1, (2, 64)).astype(np.float32)
    whole = InferenceSession(str(path)).run(["y"], {"x": x})[0]
    halved(path)
    assert path.stat().st_size < before * 0.6
    assert np.allclose(InferenceSession(str(path)).run(["y"], {"x": x})[0], whole, atol=0.05)


@pytest.fixture(scope="module")
def shipped() -> FireVerifier:
    """The weights that come along."""
    return FireVerifier(WEIGHTS)


def test_the_weights_that_come_along_are_small() -> None:
    assert WEIGHTS.stat().st_size <= MOST_BYTES


def test_plain_walls_lamps_and_cones_are_neither_fire_nor_smoke(shipped: FireVerifier) -> None:
    """Drawn: a grey room with a white lamp, one with an orange cone, and a red wall."""
    room = np.random.default_rng(2).normal(110, 6, (160, 160, 3)).clip(0, 255).astype(np.uint8)
    room[100:] = room[100:] // 2
    lamp, cone, wall = room.copy(), room.copy(), room.copy()
    cv2.circle(lamp, (80, 40), 14, (255, 255, 255), -1)
    cv2.fillPoly(cone, [np.array([(80, 60), (100, 120), (60, 120)], np.int32)], (30, 120, 250))
    wall[:] = (40, 40, 190)
    for fire, smoke in shipped.look([room, lamp, cone, wall]):
        assert fire < 0.8
        assert smoke < 0.75


def test_a_mirrored_picture_gets_nearly_the_same_scores(shipped: FireVerifier) -> None:
    rng = np.random.default_rng(3)
    picture = cv2.resize(rng.integers(0, 255, (12, 12, 3)).astype(np.uint8), (160, 160))
    (one,), (other,) = shipped.look([picture]), shipped.look([np.ascontiguousarray(picture[:, ::-1])])
    assert one == pytest.approx(other, abs=0.3)
