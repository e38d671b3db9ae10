"""View: a pinhole camera over flat ground, and how the ground of a scene gets into its picture.

World coordinates are metres: x to the right, y away from the camera, z up, the ground at z = 0. Everything in a scene
is placed with one View, so that cars, houses and markings share one perspective.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""(height, width, 3) uint8, BGR."""
Mask = NDArray[np.float32]
"""(height, width) float32, 0..1."""
Points = NDArray[np.float64]
"""(n, 3) metres in the world."""

WIDTH_PX = 640
HEIGHT_PX = 360
FPS = 10

NEAREST_M = 0.3
"""Nothing nearer than this is projected: it would be behind the lens."""


@dataclass(frozen=True, slots=True)
class View:
    """Where the camera stands, where it looks, and how wide.

    Attributes:
        x_m: Place to the right.
        y_m: Place away.
        height_m: Above the ground.
        yaw_deg: Turned to the right, 0 looks along +y.
        pitch_deg: Turned down.
        focal_px: Focal length in pixels of a 640 pixels wide picture.
        scale: Pixels per pixel: 2 draws the same picture twice as large.
    """

    x_m: float
    y_m: float
    height_m: float
    yaw_deg: float
    pitch_deg: float
    focal_px: float
    scale: int = 1

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the picture."""
        return WIDTH_PX * self.scale, HEIGHT_PX * self.scale

    def enlarged(self, scale: int) -> View:
        """The same view with `scale` times as many pixels each way."""
        return View(self.x_m, self.y_m, self.height_m, self.yaw_deg, pitch_deg=self.pitch_deg, focal_px=self.focal_px,
                    scale=scale)  # fmt: skip

    def axes(self) -> Points:
        """Rows: the camera's right, down and forward, as world directions."""
        yaw, pitch = math.radians(self.yaw_deg), math.radians(self.pitch_deg)
        forward = (math.sin(yaw) * math.cos(pitch), math.cos(yaw) * math.cos(pitch), -math.sin(pitch))
        right = (math.cos(yaw), -math.sin(yaw), 0.0)
        return np.array([right, np.cross(forward, right), forward])

    def seen(self, points: Points) -> Points:
        """Points as the camera has them: to its right, down, and away, in metres."""
        seen: Points = (points - np.array([self.x_m, self.y_m, self.height_m])) @ self.axes().T
        return seen

    def project(self, points: Points) -> NDArray[np.float64]:
        """Pixels (n, 2) of world points (n, 3); points behind the lens are taken just before it."""
        seen = self.seen(np.asarray(points, dtype=np.float64))
        away = np.maximum(seen[:, 2], NEAREST_M)
        width, height = self.size_px
        focal = self.focal_px * self.scale
        across, down = seen[:, 0] / away * focal + width / 2, seen[:, 1] / away * focal + height / 2
        pixels: NDArray[np.float64] = np.stack([across, down], axis=1)
        return pixels

    def share(self, x_m: float, y_m: float) -> tuple[float, float]:
        """Where a place on the ground is in the picture, as shares of width and height (for zones)."""
        width, height = self.size_px
        u, v = self.project(np.array([[x_m, y_m, 0.0]]))[0]
        return min(1.0, max(0.0, float(u) / width)), min(1.0, max(0.0, float(v) / height))

    def pixels_per_metre(self, point: tuple[float, float, float]) -> float:
        """How large a metre is at a place."""
        away = float(self.seen(np.array([point]))[0, 2])
        return self.focal_px * self.scale / max(away, NEAREST_M)

    def horizon_px(self) -> float:
        """The picture row of the horizon; negative when it is above the picture."""
        return self.size_px[1] / 2 - self.focal_px * self.scale * math.tan(math.radians(self.pitch_deg))


@dataclass(frozen=True, slots=True)
class GroundMap:
    """A texture on the ground.

    Attributes:
        left_m: World x of the texture's left edge.
        far_m: World y of its upper edge.
        width_m: Extent to the right.
        depth_m: Extent towards the camera.
        pixels_per_m: Resolution.
    """

    left_m: float
    far_m: float
    width_m: float
    depth_m: float
    pixels_per_m: float

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the texture."""
        return int(self.width_m * self.pixels_per_m), int(self.depth_m * self.pixels_per_m)

    def at(self, *places: tuple[float, float]) -> NDArray[np.int32]:
        """Texture pixels of places on the ground, for the drawing functions."""
        points = [((x - self.left_m) * self.pixels_per_m, (self.far_m - y) * self.pixels_per_m) for x, y in places]
        return np.round(np.array(points)).astype(np.int32)

    def lay(self, texture: Image, picture: Image, view: View) -> None:
        """Put the texture into `picture` (of the view's size) wherever the ground is seen; changes `picture`."""
        width, height = self.size_px
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float64)
        world = np.column_stack(
            [self.left_m + corners[:, 0] / self.pixels_per_m, self.far_m - corners[:, 1] / self.pixels_per_m]
        )
        homography = self._to_picture(view) @ _affine(corners, world)
        warped = cv2.warpPerspective(texture, homography, view.size_px, flags=cv2.INTER_LINEAR)
        known = cv2.warpPerspective(np.full((height, width), 255, np.uint8), homography, view.size_px)
        known[: max(0, int(view.horizon_px()) + 1)] = 0  # the mirror image of the ground above the horizon
        cv2.copyTo(warped, known, picture)

    @staticmethod
    def _to_picture(view: View) -> NDArray[np.float64]:
        """Homography from ground metres (x, y, 1) to pixels."""
        axes = view.axes()
        place = np.array([view.x_m, view.y_m, view.height_m])
        camera = np.column_stack([axes[:, 0], axes[:, 1], -axes @ place])
        width, height = view.size_px
        focal = view.focal_px * view.scale
        lens = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])
        result: NDArray[np.float64] = lens @ camera
        return result


def _affine(source: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    matrix = cv2.getAffineTransform(source[:3].astype(np.float32), target[:3].astype(np.float32))
    return np.vstack([matrix, [0.0, 0.0, 1.0]])
