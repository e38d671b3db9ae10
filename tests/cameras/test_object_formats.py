"""Claims about networks of one's own: each format is read right, and a file that does not fit is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import cv2
import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from api.commands.model_checking import told_of
from cameras.errors import ModelError
from cameras.vision.objects.engines import open_engine
from cameras.vision.objects.formats import FORMATS
from cameras.vision.objects.labels import COCO_80, COCO_90, word_for
from cameras.vision.objects.model import Named, ObjectModel, Wanted
from cameras.vision.shared import LoadedObjects
from config.machine import FormatName, OwnObjects, Vision

SIDE = 64
CLASSES = ("van", "tree", "pedestrian")
"""The hub knows the first and the last, under other names."""
PICTURE = np.zeros((32, 64, 3), np.uint8)
"""Twice as wide as high: with its proportions it fills half of a network's picture."""

Arrays = dict[str, NDArray[Any]]


def network(path: Path, outputs: Arrays, *, notes: dict[str, str] | None = None, sized: bool = False) -> Path:
    """A network that gives `outputs`, each times one and the first colour of a pixel that is always of the picture."""
    picture = helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, SIDE, SIDE])
    inputs = [picture]
    nodes = [
        helper.make_node("Slice", ["images", "from", "to", "along"], ["colour"]),
        helper.make_node("ReduceMean", ["colour"], ["mean"], keepdims=0),
        helper.make_node("Add", ["mean", "one"], ["factor"]),
    ]
    pixel = {"from": [0, 24, 24], "to": [1, 25, 25], "along": [1, 2, 3]}
    constants: Arrays = {name: np.array(at, np.int64) for name, at in pixel.items()}
    constants["one"] = np.array(1, np.float32)
    if sized:
        inputs.append(helper.make_tensor_value_info("orig_target_sizes", TensorProto.INT64, [1, 2]))
        nodes.append(helper.make_node("Cast", ["orig_target_sizes"], ["sizes"], to=TensorProto.FLOAT))
    given = []
    for name, values in outputs.items():
        constants[f"{name} fixed"] = values
        whole = values.dtype == np.int64
        if whole:
            nodes.append(helper.make_node("Identity", [f"{name} fixed"], [name]))
        else:
            nodes.append(helper.make_node("Mul", [f"{name} fixed", "factor"], [name]))
        kind = TensorProto.INT64 if whole else TensorProto.FLOAT
        given.append(helper.make_tensor_value_info(name, kind, values.shape))
    weights = [numpy_helper.from_array(values, name) for name, values in constants.items()]
    graph = helper.make_graph(nodes, "network", inputs, given, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    for key, value in (notes or {}).items():
        model.metadata_props.add(key=key, value=value)
    onnx.save(model, str(path))
    return path


def rows(*things: tuple[float, ...], count: int = 84) -> NDArray[np.float32]:
    """(1, count, columns), zeros but for the first rows."""
    values = np.zeros((1, count, len(things[0])), np.float32)
    values[0, : len(things)] = things
    return values


def look(path: Path, form: FormatName, picture: NDArray[np.uint8] = PICTURE, **wanted: Any) -> list[Named]:
    wanted.setdefault("labels", CLASSES)
    (found,) = ObjectModel(path, Wanted(form, **wanted)).look([picture], least=0.3)
    return sorted(found, key=lambda one: -one.score)


def one_person(found: list[Named]) -> None:
    """Where he is in all of them."""
    assert [(one.label, round(one.score, 2)) for one in found] == [("person", 0.8)]
    assert (found[0].box.x, found[0].box.y, found[0].box.w, found[0].box.h) == pytest.approx(EXPECTED, abs=1e-4)


# The same person in all of them: left half of the picture, middle half of its height.
CENTRED = (16.0, 32.0, 32.0, 16.0)
"""Centre and size in a picture that lies in the middle: rows 16 to 48 are the picture."""
CORNERED = (16.0, 16.0, 32.0, 16.0)
"""The same in one that lies in the corner: rows 0 to 32."""
STRETCHED = (0.25, 0.5, 0.5, 0.5)
"""The same in one that was stretched, in parts of it."""
EXPECTED = (0.0, 0.25, 0.5, 0.5)


def test_yolo_with_a_column_for_each_box_is_read(tmp_path: Path) -> None:
    values = rows((*CENTRED, 0.1, 0.9, 0.8)).transpose(0, 2, 1)  # the tree is surer, and nobody's business
    one_person(look(network(tmp_path / "v8.onnx", {"output0": values}), "yolo"))


def test_yolo_with_a_score_for_anything_is_read(tmp_path: Path) -> None:
    values = rows((*CENTRED, 0.8, 0.1, 0.2, 1.0), (8, 8, 4, 4, 0.2, 1, 0, 0))
    one_person(look(network(tmp_path / "v5.onnx", {"output": values}), "yolo"))


def test_yolo_that_drops_overlaps_itself_is_read(tmp_path: Path) -> None:
    values = rows((0, 24, 32, 40, 0.8, 2), (0, 0, 9, 9, 0.9, 1), count=5)
    one_person(look(network(tmp_path / "v10.onnx", {"output0": values}), "yolo"))
    listed = np.array([[0, 0, 24, 32, 40, 2, 0.8]], np.float32)
    one_person(look(network(tmp_path / "v7.onnx", {"output": listed}), "yolo"))


def test_yolox_is_read_in_strides_and_in_pixels(tmp_path: Path) -> None:
    raw = np.zeros((1, 84, 8), np.float32)
    raw[0, 2 * 8 + 2] = (0, 0, np.log(4), np.log(2), 0.8, 0, 0, 1)  # third cell of the third row of 8 px
    one_person(look(network(tmp_path / "raw.onnx", {"output": raw}), "yolox"))
    grid = np.concatenate([np.indices((64 // s, 64 // s))[::-1].reshape(2, -1).T * s for s in (8, 16, 32)])
    decoded = np.zeros((1, 84, 8), np.float32)
    decoded[0, :, :2] = grid
    decoded[0, 0] = (*CORNERED, 1, 0, 0, 0.8)
    one_person(look(network(tmp_path / "decoded.onnx", {"output": decoded}), "yolox"))


@pytest.mark.parametrize("form", ["rtdetr", "dfine"])
def test_transformers_are_read_in_each_way_in_which_they_are_exported(tmp_path: Path, form: FormatName) -> None:
    logit = float(np.log(0.8 / 0.2))
    logits = np.full((1, 5, 3), -9, np.float32)
    logits[0, 3, 2] = logit
    boxes = np.zeros((1, 5, 4), np.float32)
    boxes[0, 3] = STRETCHED
    one_person(look(network(tmp_path / "a.onnx", {"logits": logits, "pred_boxes": boxes}), form))
    one_person(look(network(tmp_path / "b.onnx", {"output0": rows((*STRETCHED, 0, 0, 0.8))}), form))
    ended: Arrays = {
        "labels": np.array([[2, 1]], np.int64),
        "boxes": np.array([[[0, 0.25, 0.5, 0.75], [0, 0, 1, 1]]], np.float32),
        "scores": np.array([[0.8, 0.9]], np.float32),
    }
    one_person(look(network(tmp_path / "c.onnx", ended, sized=True), form))


def test_ssd_is_read(tmp_path: Path) -> None:
    values: Arrays = {
        "boxes": np.array([[[0.25, 0, 0.75, 0.5], [0, 0, 1, 1]]], np.float32),
        "scores": np.array([[[0, 0, 0.8], [0, 0.9, 0.1]]], np.float32),
    }
    one_person(look(network(tmp_path / "ssd.onnx", values), "ssd"))


def test_boxes_of_one_thing_are_one_and_two_people_side_by_side_are_two(tmp_path: Path) -> None:
    values = rows(
        (16, 32, 12, 16, 0, 0, 0.8),
        (16.5, 32, 12, 16, 0, 0, 0.7),
        (24, 32, 12, 16, 0, 0, 0.6),
        (16, 32, 12, 16, 0.5, 0, 0),
    ).transpose(0, 2, 1)
    found = look(network(tmp_path / "v8.onnx", {"output0": values}), "yolo")
    assert [(one.label, round(one.score, 1)) for one in found] == [("person", 0.8), ("person", 0.6), ("car", 0.5)]


@pytest.mark.parametrize(("form", "factor"), [("yolo", 0.5), ("rtdetr", 0.5)])
def test_colours_come_in_the_order_and_range_that_the_format_wants(
    tmp_path: Path, form: FormatName, factor: float
) -> None:
    """The network multiplies its score by one and the mean of its first colour: red, from 0 to 1."""
    values = rows((*STRETCHED, 0, 0, 0.4))
    path = network(tmp_path / "n.onnx", {"output0": values if form == "rtdetr" else values.transpose(0, 2, 1)})
    scores = {}
    for name, colour in (("red", (0, 0, 255)), ("blue", (255, 0, 0))):
        picture = np.full((SIDE, SIDE, 3), colour, np.uint8)
        scores[name] = look(path, form, picture)[0].score
    assert scores["blue"] == pytest.approx(0.4)
    assert scores["red"] == pytest.approx(0.4 / factor)


def test_labels_written_in_the_file_are_taken(tmp_path: Path) -> None:
    values = rows((*CENTRED, 0, 0.8)).transpose(0, 2, 1)
    path = network(tmp_path / "named.onnx", {"output0": values}, notes={"names": "{0: 'tree', 1: 'pedestrian'}"})
    one_person(look(path, "yolo", labels=None))


def test_the_other_engine_sees_the_same(tmp_path: Path) -> None:
    path = network(tmp_path / "v8.onnx", {"output0": rows((*CENTRED, 0, 0, 0.8)).transpose(0, 2, 1)})
    (found,) = ObjectModel(path, Wanted("yolo", CLASSES), engine="opencv").look([PICTURE], least=0.3)
    one_person(found)


@pytest.mark.parametrize(
    ("form", "shape", "said"),
    [
        ("yolo", (1, 84, 9), r"it should give \(1, 7, n\), \(1, n, 8\).*for 3 classes.*\(1, 84, 9\)"),
        ("yolox", (1, 84, 7), r"it should give \(1, 84, 8\)"),
        ("rtdetr", (1, 84, 5), "logits and pred_boxes"),
        ("ssd", (1, 84, 8), "boxes and scores of 3 classes"),
        ("nanodet", (1, 84, 8), "level8"),
    ],
)
def test_what_does_not_fit_is_named_with_what_was_expected(
    tmp_path: Path, form: FormatName, shape: tuple[int, ...], said: str
) -> None:
    path = network(tmp_path / "other.onnx", {"output": np.zeros(shape, np.float32)})
    with pytest.raises(ModelError, match=f"other.onnx is no {form} model: .*{said}"):
        ObjectModel(path, Wanted(form, CLASSES))


def test_a_network_that_names_nothing_known_is_refused(tmp_path: Path) -> None:
    path = network(tmp_path / "n.onnx", {"output": np.zeros((1, 84, 6), np.float32)})
    with pytest.raises(ModelError, match="none of its labels is known to the hub: tree, house"):
        ObjectModel(path, Wanted("yolo", ("tree", "house")))


def test_a_file_that_is_no_network_is_named(tmp_path: Path) -> None:
    (tmp_path / "text.onnx").write_text("no network")
    for engine in ("onnxruntime", "opencv"):
        with pytest.raises(ModelError, match=r"text\.onnx cannot be loaded"):
            open_engine(tmp_path / "text.onnx", engine)  # type: ignore[arg-type]


def test_an_engine_that_is_not_installed_is_said_with_what_to_install(tmp_path: Path) -> None:
    path = network(tmp_path / "n.onnx", {"output": np.zeros((1, 5, 8), np.float32)})
    with pytest.raises(ModelError, match="engine cuda is not installed: pip install"):
        open_engine(path, "cuda")


def test_a_network_of_ones_own_takes_the_place_of_the_fetched_one(tmp_path: Path) -> None:
    path = network(tmp_path / "v8.onnx", {"output0": rows((*CENTRED, 0, 0, 0.8)).transpose(0, 2, 1)})
    loaded = LoadedObjects(tmp_path, Vision(objects=OwnObjects(path=path, format="yolo", labels=CLASSES)))
    assert loaded.model is not None
    assert loaded.trouble is None


def test_a_network_of_ones_own_that_is_missing_or_does_not_fit_is_trouble_and_no_crash(tmp_path: Path) -> None:
    absent = LoadedObjects(tmp_path, Vision(objects=OwnObjects(path=tmp_path / "no.onnx", format="yolo")))
    assert absent.model is None
    assert "no.onnx (vision.objects of machine.yaml)" in (absent.trouble or "")
    path = network(tmp_path / "v8.onnx", {"output0": np.zeros((1, 7, 84), np.float32)})
    wrong = LoadedObjects(tmp_path, Vision(objects=OwnObjects(path=path, format="yolox")))
    assert wrong.model is None
    assert "v8.onnx is no yolox model" in (wrong.trouble or "")


def test_the_check_says_what_a_network_finds(tmp_path: Path) -> None:
    path = network(tmp_path / "v8.onnx", {"output0": rows((*CENTRED, 0, 0, 0.8)).transpose(0, 2, 1)})
    cv2.imwrite(str(tmp_path / "street.png"), PICTURE)
    text = "\n".join(told_of(path, "yolo", labels="van, tree, pedestrian", picture=tmp_path / "street.png"))
    assert "v8.onnx can be used as yolo" in text
    assert "tells of   car, person" in text
    assert "leaves out tree" in text
    assert "person     0.80  at 0.000 0.250, 0.500 x 0.500" in text
    with pytest.raises(ModelError, match="is no picture"):
        told_of(path, "yolo", labels="van, tree, pedestrian", picture=tmp_path / "v8.onnx")


def test_settings_offer_the_formats_that_there_are() -> None:
    assert set(get_args(FormatName)) == set(FORMATS)


def test_labels_become_the_words_of_the_hub() -> None:
    assert (len(COCO_80), len(COCO_90), COCO_90[89], COCO_80[0]) == (80, 90, "toothbrush", "person")
    assert [word_for(label) for label in ("Pedestrian", "电动车", "lorry", "traffic light")] == [
        "person",
        "motorcycle",
        "truck",
        None,
    ]
