"""Shared: what all cameras of one worker have in common: the object model, the fire verifier and the time for both.

Made once per worker, before its cameras. A missing model is no error: the hub runs and says what is missing; when
somebody fetches it, it is taken up without a restart.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2

from cameras.errors import ModelError
from cameras.vision.budget import InferenceBudget, Leftover
from cameras.vision.fire.verifier import WEIGHTS, FireVerifier
from cameras.vision.fire.votes import Verifier
from cameras.vision.objects.fetching import missing, objects_path
from cameras.vision.objects.model import ObjectModel, Wanted
from cameras.vision.plates.loaded import NO_PLATES, LoadedPlates
from cameras.vision.views.memory import ViewMemory
from config.machine import Machine, Vision

logger = logging.getLogger(__name__)


class LoadedObjects:
    """The object model, loaded when it is first asked for and there: the fetched one, or one of the operator's own."""

    def __init__(self, models_dir: Path, vision: Vision | None = None) -> None:
        vision = vision or Vision()
        own = vision.objects
        self._models_dir = models_dir
        self._own = own is not None
        self._path = objects_path(models_dir) if own is None else own.path
        self._wanted = Wanted() if own is None else Wanted(own.format, own.labels, own.side_px)
        self._engine = vision.engine
        self._model: ObjectModel | None = None
        self._broken: str | None = None

    @property
    def model(self) -> ObjectModel | None:
        """The model; None when it is missing or cannot be used."""
        if self._model is None and self._broken is None and self._path.is_file():
            try:
                self._model = ObjectModel(self._path, self._wanted, engine=self._engine)
            except ModelError as error:
                self._broken = f"people and vehicles are not told apart: {error}"
                logger.exception("object model does not load", extra={"path": str(self._path)})
        return self._model

    @property
    def trouble(self) -> str | None:
        """Why there is no model, in words for an operator; None when there is."""
        if self._broken is not None:
            return self._broken
        if self._path.is_file():
            return None
        if self._own:
            return f"people and vehicles are not told apart: there is no {self._path} (vision.objects of machine.yaml)"
        return "; ".join(missing(self._models_dir))


class LoadedVerifier:
    """The fire verifier, loaded when it is first asked for."""

    def __init__(self, path: Path = WEIGHTS) -> None:
        self._path = path
        self._verifier: Verifier | None = None
        self._broken = False

    @property
    def verifier(self) -> Verifier | None:
        """The verifier; None when its weights are missing or do not load."""
        if self._verifier is None and not self._broken:
            try:
                self._verifier = FireVerifier(self._path)
            except ModelError as error:
                self._broken = True
                logger.error("fire verifier does not load", extra={"reason": str(error)})  # noqa: TRY400 -- no fault of ours
        return self._verifier

    @property
    def trouble(self) -> str | None:
        """Why there is none, in words for an operator; None when there is."""
        if self.verifier is not None:
            return None
        return (
            f"the fire verifier cannot be loaded ({self._path.name}); plain flames are found without it, smoke is not"
        )


@dataclass(frozen=True, slots=True)
class Shared:
    """What detectors are built with.

    Attributes:
        objects: The object model, if there is one.
        budget: Time for inference.
        camera: Id of the camera that it is handed to; empty before.
        plates: The networks for number plates, if they are there.
        fire: The fire verifier.
        views: Folder in which is kept what cameras usually show; None keeps nothing.
        view: What of the settings of the camera says what its view is for; another view is learned anew.
    """

    objects: LoadedObjects
    budget: InferenceBudget
    camera: str = ""
    plates: LoadedPlates = NO_PLATES
    fire: LoadedVerifier = field(default_factory=LoadedVerifier)
    views: Path | None = None
    view: str = ""

    def for_camera(self, camera: str, view: str = "") -> Shared:
        """The same things, handed to one camera."""
        return replace(self, camera=camera, view=view)

    def view_memory(self) -> ViewMemory | None:
        """Where it is kept what the camera usually shows; None when it is not."""
        return None if self.views is None or not self.camera else ViewMemory(self.views, self.camera, self.view)


def build_worker_shared(machine: Machine, models_dir: Path) -> Shared:
    """As `build_shared`, in a worker, which keeps over a restart what its cameras usually show, and has much to do."""
    budget = InferenceBudget(machine.workers.inference_share, Leftover(machine.workers.cpu_share))
    return replace(build_shared(machine, models_dir), budget=budget, views=machine.data / "views")


def build_shared(machine: Machine, models_dir: Path) -> Shared:
    """What one worker's cameras share.

    Args:
        machine: Its inference share.
        models_dir: Folder in which `hub models fetch` left the models.
    """
    cv2.setNumThreads(1)  # a worker per core: more threads would only take each other's time
    return Shared(
        LoadedObjects(models_dir, machine.vision),
        InferenceBudget(machine.workers.inference_share),
        plates=LoadedPlates(models_dir),
    )
