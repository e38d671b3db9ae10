"""Settings: how the cameras of the clips are set up, for one run or for two that are compared.

A YAML file with the parts of a camera as in community.yaml, for all clips and for single ones:

    camera: {detectors: [objects, {kind: fire, options: {votes: 3}}]}
    armed: false
    clips:
      two_lanes.mp4:
        camera: {lines: [...]}

What stands for a clip counts instead of what stands for all. Lines and zones belong to a view, as on every camera; to
tune anything else to a clip would say nothing of other clips.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from benchmarks.accuracy.labels import Clip, Span
from config.community import Camera, Community, Name, Ring, Site, Stream
from config.load import parse, read_yaml

VIEWS: Final = Path(__file__).with_name("views.yaml")
"""The lines and zones of the shared clips' views."""
_LANE: Final = {"id": "road", "use": "lane", "points": ((0, 0), (1, 0), (1, 1), (0, 1))}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class View(_Part):
    """How one camera is set up.

    Attributes:
        camera: Parts of a camera as in community.yaml; a mapping so that they can be laid over each other.
        armed: Whether its site is armed.
        tags: Of its site.
    """

    camera: dict[str, Any] = {}
    armed: bool | None = None
    tags: tuple[str, ...] | None = None


class ClipView(View):
    """How the camera of one clip is set up.

    Attributes:
        labels: What its labels only say in their notes: spans of seconds by label.
    """

    labels: dict[str, tuple[tuple[float, float], ...]] = {}


class _File(View):
    """The whole file."""

    clips: dict[str, ClipView] = {}


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a run.

    Attributes:
        name: What it is called in the table.
        every: For every clip.
        clips: For single ones, by file name.
        lanes: Whether the whole picture is a lane where nothing else is written.
    """

    name: str = "default"
    every: View = field(default_factory=View)
    clips: Mapping[str, ClipView] = field(default_factory=dict)
    lanes: bool = False

    def community(self, clip: Clip) -> Community:
        """One site with one camera, as the settings have it for a clip.

        Raises:
            ConfigurationError: They are none of a camera.
        """
        parts: dict[str, Any] = {"zones": (_LANE,)} if self.lanes else {}
        tags: tuple[str, ...] = ()
        for view in (self.every, self.clips.get(clip.name)):
            if view is not None:
                parts |= view.camera
                tags = tags if view.tags is None else view.tags
        site = Site(id="site", name=Name(zh="现场", en="Site"), ring=Ring.ROAD, tags=tags)
        written = {"id": "camera", "site": site.id, "name": clip.path.stem, **parts}
        camera = parse(Camera, {"main": {"url": "file:///"}, **written}, file=None)
        return Community(
            sites=(site,), cameras=(camera.model_copy(update={"main": Stream(url=clip.path.absolute().as_uri())}),)
        )

    def labelled(self, clip: Clip) -> Clip:
        """The clip with what its labels only say in their notes."""
        own = self.clips.get(clip.name)
        more = {} if own is None else own.labels
        spans = {label: tuple(Span(*each) for each in some) for label, some in more.items()}
        return replace(clip, spans={**clip.spans, **spans})

    def armed(self, clip: Clip) -> bool:
        """Whether the site of a clip is armed."""
        own = self.clips.get(clip.name)
        return bool(self.every.armed if own is None or own.armed is None else own.armed)


def read_settings(path: Path | None, *, lanes: bool = False) -> Settings:
    """Settings of a file, with the lines and zones of known views beneath them.

    Raises:
        ConfigurationError: It says something that is none.
    """
    views = parse(_File, read_yaml(VIEWS), file=VIEWS)
    if path is None:
        return Settings("default", View(), views.clips, lanes)
    own = parse(_File, read_yaml(path) or {}, file=path)
    clips = dict(views.clips)
    for name, view in own.clips.items():
        below = clips.get(name, ClipView())
        clips[name] = ClipView(
            camera=below.camera | view.camera,
            armed=below.armed if view.armed is None else view.armed,
            tags=below.tags if view.tags is None else view.tags,
            labels=below.labels | view.labels,
        )
    every = View(camera=own.camera, armed=own.armed, tags=own.tags)
    return Settings(path.stem, every, clips, lanes)
