"""View: whether the camera still sees what it should: covered, blurred, moved, frozen, too dark or blinded by light.

Compares the picture every 2 s with the one the camera usually gives (`vision/views/viewing.py`), cell by cell. Nothing
is learned from pictures; each condition has a physical reason:
- what covers a lens is so near that it is out of focus: structure goes, nothing sharp comes, and it comes within
  seconds. A lorry before the camera brings sharp edges of its own; fog and dusk come slowly;
- out of focus, or through a dirty glass, the larger structure is still in its place and only the fine detail is gone;
- a camera that was turned shows a sharp, steady picture with edges elsewhere. A cut of edited footage does so between
  two pictures, in which no hand turns a camera; other light leaves most edges where they were;
- a sensor is never without noise: the very same picture over several key frames comes from no sensor;
- where the sensor is saturated or gets no light it sees nothing.
Each of them has to hold for seconds. What the usual picture is, is learned first, over at least 16 s in which it agrees
with itself: a camera that is carried or steered is judged by its light alone. One per camera, one thread.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Annotated, Final

import numpy as np
from pydantic import Field

from cameras.vision.detection import BLURRED, COVERED, DARK, FROZEN, GLARE, MOVED, Detection, Scene
from cameras.vision.shared import Shared
from cameras.vision.views.changes import Jumps
from cameras.vision.views.conditions import Condition
from cameras.vision.views.memory import ViewMemory
from cameras.vision.views.shares import ALIKE, BURNT, NOTHING_GONE, Shares, shares_of
from cameras.vision.views.viewing import Look, UsualView, View, compare, look_at, unchanged
from hub.geometry import Box
from hub.plugins import Options, Plugin

_LOOK_S: Final = 2.0
"""Rain, snow and what passes are elsewhere in the next look; a group of pictures of most cameras is over by then."""
_CALM_S: Final = 6.0
"""Between looks while nothing moves and the last three showed the usual picture: what changes it is seen as motion, and
what comes without any is no matter of seconds."""
_GAP_S: Final = 20.0
"""Looks further apart are not compared with each other."""
_HOLD_S: Final = 12.0
"""So long must a condition hold: hands, umbrellas, lightning, headlights and cars that turn are gone by then."""
_USUAL_S: Final = 16.0
_USUAL_LOOKS: Final = 6
"""What agreed with itself for so long, in so many looks, is the usual picture."""
_FOLLOW_S: Final = 300.0
"""The usual picture follows the light of the day and what was parked with this time constant."""
_AGREES: Final = 0.5
"""Share of the telling cells that have to show the same scene while the usual picture is learned."""
_STILL_THERE: Final = 0.45
"""Of the usual detail, wherever it is now: between that of a blur of 2 px, and what half a pixel leaves of it."""
_PART: Final = 0.12
"""Share of the telling cells that show nothing: with those that are covered in part it is about a quarter of the
picture. What covers less is an insect or a drop."""
_BLINDED: Final = 0.25
"""Share of the telling cells: what blinds less is a lamp."""
_SHARP: Final = 0.25
"""Cells with something new and sharp, per cell that shows nothing: the outline of a vehicle adds more, a cover that is
out of focus none."""
_SUDDEN_S: Final = 12.0
"""A hand, paint or cloth needs no longer; fog, dusk and snow do."""
_MOST: Final = 0.6
_FEW: Final = 0.3
_STANDS_S: Final = 90.0
"""A picture that is another one, but plain in large parts, may be a lorry's side: it drives on before that."""
_UNLIT: Final = 18.0
"""Grey levels: what is darker all over shows nothing on any screen."""
_UNLIT_SHARE: Final = 0.92
"""Of the cells: in the others stands the text that the camera writes into its picture."""
_WHOLE: Final = 0.85
_SAME_CELLS: Final = 0.96
"""Of the cells: what changes in the others is the clock that the camera writes into its picture."""
_FROZEN_KEYS: Final = 3
"""A decoder repeats a picture that a codec skips; a key frame is encoded anew, noise and all."""
_NEVER_LIVE_S: Final = 60.0
"""A picture that never changed since the start may be drawn: longer."""
_GREY: Final = 3.0
"""Mean distance of the colours from grey, below which it is an infra-red picture."""
_NEAR: Final = 0.6
"""Agreement of whole pictures that shows them to be of the same scene."""


class ViewOptions(Options):
    """Settings of the view detector."""

    moved: bool = True
    """Whether a turned camera is told; not for one that people or a patrol steer."""
    hold_s: Annotated[float, Field(ge=4.0, le=600.0)] = _HOLD_S
    """Seconds that a condition has to hold."""


class ViewDetector:
    """Compares one camera's picture with its usual one."""

    trouble: None = None

    def __init__(self, options: ViewOptions, memory: ViewMemory | None = None) -> None:
        """Begin with what `memory` holds, or with nothing."""
        self._options = options
        self._memory = memory
        hold_s = options.hold_s
        self._covered = Condition(COVERED, hold_s)
        self._blurred = Condition(BLURRED, hold_s)
        self._moved = Condition(MOVED, hold_s)
        self._frozen = Condition(FROZEN, hold_s)
        self._dark = Condition(DARK, hold_s)
        self._glare = Condition(GLARE, hold_s)
        self._conditions = (self._covered, self._blurred, self._moved, self._frozen, self._dark, self._glare)
        self._usual: UsualView | None = None
        self._known = False
        self._other: UsualView | None = None
        self._grey: bool | None = None
        self._recent: deque[tuple[float, Shares]] = deque(maxlen=8)
        self._jumps = Jumps()
        self._last: Look | None = None
        self._anchor: Look | None = None
        self._keys = 0
        self._lived = False
        self._white = 0.0
        self._blind = False
        self._calm = False

    def reset(self) -> None:
        """The stream broke: what is usual stays known, and so does that the camera is turned away."""
        for condition in self._conditions:
            if condition is not self._moved:
                condition.clear()
        self._last = self._anchor = None
        self._keys = 0
        self._recent.clear()
        self._jumps.reset()

    def detect(self, scene: Scene) -> list[Detection] | None:
        """Everything that is wrong with the view; None between two looks."""
        frame, motion = scene.frame, scene.motion
        self._jumps.see(motion.luminance, frame.pts_s)
        self._keys += frame.is_key
        last = self._last
        wait_s = _CALM_S if self._calm and not motion.moving else _LOOK_S
        if last is not None and 0 <= frame.pts_s - last.at_s < wait_s:
            return None
        now = look_at(frame.image, motion.small, motion.luminance, frame.pts_s)
        if last is not None and (last.grey.shape != now.grey.shape or not 0 < now.at_s - last.at_s <= _GAP_S):
            last = None  # another stream, or too long ago to compare with
            if self._usual is not None and self._usual.directions.shape[1:] != motion.luminance.shape:
                self._forget()
        self._last = now
        self._remember(scene, now)
        self._look_for_light(now)
        self._look_for_life(now)
        if last is not None:
            self._look_for_change(compare(now, last), now, now.at_s - last.at_s)
        self._calm = self._is_calm()
        return [self._detection(one) for one in self._conditions if one.told]

    def _is_calm(self) -> bool:
        """Whether the picture is as ever: known, alive, and in the last looks as much of it was kept."""
        last = [shares for _, shares in list(self._recent)[-3:]]
        if not self._known or self._keys or len(last) < 3 or any(one.pending for one in self._conditions):  # noqa: PLR2004
            return False
        kept = [shares.kept for shares in last]
        gone = max(shares.gone + shares.soft + shares.burnt for shares in last)
        return max(kept) - min(kept) <= _PART and gone <= _PART / 2

    def _remember(self, scene: Scene, now: Look) -> None:
        """Take up what was usual before the last start, once; keep what is usual for the next."""
        memory = self._memory
        if memory is None:
            return
        if not memory.asked:
            kept = memory.load(now, scene.motion.luminance.shape, scene.clock.now())
            if kept is not None:
                self._usual, self._known, self._grey = kept.usual, True, kept.infrared
                if kept.recent:  # what covers it since then came meanwhile, and not slowly
                    self._recent.append((now.at_s, NOTHING_GONE))
        elif self._known and self._usual is not None and not any(one.pending for one in self._conditions):
            memory.keep(self._usual, infrared=bool(self._grey), now=scene.clock.now())

    def _forget(self) -> None:
        self._usual = self._other = None
        self._known = False
        for condition in self._conditions:
            condition.clear()

    def _detection(self, condition: Condition) -> Detection:
        reasons = {name: round(value, 3) for name, value in condition.reasons.items()}
        return Detection(condition.label, round(min(max(condition.strength, 0.5), 1.0), 2), _EVERYWHERE, reasons)

    # Light alone

    def _look_for_light(self, now: Look) -> None:
        unlit = float(np.mean(now.light < _UNLIT))
        self._white = float(np.mean(now.light >= BURNT))
        self._blind = unlit >= _UNLIT_SHARE
        hidden = self._known and not self._dark.pending and self._jumps.swept(now.at_s, within_s=_SUDDEN_S)
        if self._blind:
            figures = {"unlit_share": unlit, "brightness": float(now.light.mean())}
            self._covered.strength = self._dark.strength = 1.0
            self._covered.reasons = self._dark.reasons = figures
        if self._blind and (hidden or self._covered.pending):
            self._covered.update(begins=True, stays=True, at_s=now.at_s)
        else:
            self._dark.update(begins=self._blind, stays=unlit >= _WHOLE, at_s=now.at_s)

    # The same picture again

    def _look_for_life(self, now: Look) -> None:
        anchor = self._anchor
        if anchor is None or anchor.grey.shape != now.grey.shape or now.at_s < anchor.at_s:
            self._anchor, self._keys = now, 0
            return
        same = unchanged(now.grey, anchor.grey)
        if same < _SAME_CELLS:
            self._lived = self._lived or same < _FEW
            self._anchor, self._keys = now, 0
            self._frozen.update(begins=False, stays=False, at_s=now.at_s)
            return
        stood_s = now.at_s - anchor.at_s
        lifeless = self._keys >= _FROZEN_KEYS and (self._lived or stood_s >= _NEVER_LIVE_S)
        self._frozen.strength = same
        self._frozen.reasons = {"same_share": same, "same_s": stood_s}
        if self._frozen.since_s is None and lifeless:
            self._frozen.since_s = anchor.at_s
        self._frozen.update(begins=lifeless, stays=True, at_s=now.at_s)

    # Against the usual picture

    def _look_for_change(self, view: View, now: Look, past_s: float) -> None:
        if self._blind:
            return
        if self._usual is None:
            self._usual = UsualView(view, now.at_s)
            return
        shares = shares_of(self._usual, view)
        if not self._known or shares is None:
            self._judge_glare(None, now.at_s)
            self._get_to_know(view, shares, now)
            return
        self._note_infrared(view, now)
        self._recent.append((now.at_s, shares))
        typical = self._typical(now.at_s)
        if typical is None or self._frozen.told:
            return
        self._judge(typical, view, now.at_s)
        if not any(one.pending for one in self._conditions) and shares.kept >= _FEW:
            self._usual.learn(view, 1 - math.exp(-past_s / _FOLLOW_S))

    def _get_to_know(self, view: View, shares: Shares | None, now: Look) -> None:
        assert self._usual is not None
        # Without structure there is nothing to agree on: wait until there is some, at no cost but this comparison.
        if shares is None or shares.kept < _AGREES:
            self._usual = UsualView(view, now.at_s)
            return
        self._usual.learn(view, 0.0)
        self._known = now.at_s - self._usual.begun_s >= _USUAL_S and self._usual.looks >= _USUAL_LOOKS

    def _typical(self, at_s: float) -> Shares | None:
        """The middle one of the last three looks, by what was kept: one lightning or lorry is no state."""
        last = [shares for when_s, shares in list(self._recent)[-3:] if at_s - when_s <= _GAP_S]
        if len(last) < 3:  # noqa: PLR2004 -- of two there is no middle one
            return None
        return sorted(last, key=lambda one: one.kept)[1]

    def _sudden(self, gone: float, at_s: float) -> bool:
        """Whether much less was gone a few seconds ago."""
        before = [shares.gone for when_s, shares in self._recent if at_s - when_s <= _SUDDEN_S + _LOOK_S]
        return gone - min(before) >= _PART * 0.7

    def _judge(self, shares: Shares, view: View, at_s: float) -> None:
        figures = {
            "kept_share": shares.kept,
            "soft_share": shares.soft,
            "gone_share": shares.gone,
            "other_share": shares.other,
            "new_share": shares.new,
            "burnt_share": shares.burnt,
            "sharpness": shares.sharpness,
            "contrast": shares.contrast,
        }
        for one in (self._covered, self._blurred, self._moved, self._glare):
            one.reasons = one.reasons if one is self._moved and one.told else figures
        soft_cover = shares.gone >= _PART and shares.new <= _SHARP * shares.gone
        sudden = self._covered.pending or self._sudden(shares.gone, at_s)
        self._covered.strength = 0.5 + shares.gone / 2
        self._covered.update(begins=soft_cover and sudden, stays=shares.gone >= _PART / 2, at_s=at_s)
        self._blurred.strength = 1 - shares.sharpness
        blurred = shares.soft >= _MOST and shares.kept <= _FEW
        if blurred and not self._blurred.told:
            blurred = self._really_soft(view)
        self._blurred.update(begins=blurred, stays=shares.soft >= _MOST / 2, at_s=at_s)
        self._judge_glare(shares, at_s)
        if self._options.moved:
            self._judge_place(shares, view, at_s)

    def _really_soft(self, view: View) -> bool:
        """Whether this very look has no detail, and not only none in common with the last one."""
        usual = self._usual
        assert usual is not None
        there = usual.detail_there(view, usual.telling())
        self._blurred.reasons = self._blurred.reasons | {"detail_there": there}
        return there < _STILL_THERE

    def _judge_glare(self, shares: Shares | None, at_s: float) -> None:
        burnt = 0.0 if shares is None else shares.burnt
        self._glare.strength = max(0.5 + burnt / 2, self._white)
        self._glare.reasons = self._glare.reasons | {"white_share": self._white}
        begins = self._white >= _WHOLE or burnt >= _BLINDED
        self._glare.update(begins=begins, stays=self._white >= _MOST or burnt >= _BLINDED / 2, at_s=at_s)

    def _judge_place(self, shares: Shares, view: View, at_s: float) -> None:
        """Whether another scene is there, or the same one elsewhere, and steadily so."""
        usual = self._usual
        assert usual is not None
        shift = usual.displaced(view.directions) if shares.kept < _ASKS and shares.new > _NEW_ASKS else None
        another = shares.kept <= _FEW and shares.soft + shares.burnt <= _MOST / 2 and shares.new >= _NEW_SCENE
        if shift is None and not another:
            if not self._moved.told:
                self._other = None
            self._moved.update(begins=False, stays=shares.kept <= _AGREES, at_s=at_s)
            return
        if self._other is None:
            self._other = UsualView(view, at_s)
        against = shares_of(self._other, view)
        steady = against is not None and against.kept >= _AGREES
        if steady or self._moved.told:
            self._other.learn(view, 0.02)
        else:
            self._other = UsualView(view, at_s)
        told = self._moved.told
        self._moved.hold_s = _STANDS_S if shift is None and shares.gone > _PLAIN else self._options.hold_s
        self._moved.update(begins=steady, stays=True, at_s=at_s)
        if told or not self._moved.told:
            return
        if shift is None and self._jumps.cut_between(usual.directions, self._other.directions, near=_NEAR):
            self._usual, self._other = self._other, None
            self._moved.clear()
            return
        self._moved.strength = 1 - shares.kept
        if shift is not None:
            self._moved.reasons = self._moved.reasons | {"turned_across": shift[0], "turned_down": shift[1]}

    def _note_infrared(self, view: View, now: Look) -> None:
        """In another light the same scene has other contrasts: they begin anew."""
        grey = now.colour < _GREY
        usual, switched = self._usual, self._grey is not None and grey != self._grey
        self._grey = grey
        if usual is not None and switched:
            there = usual.alike(view.directions) >= ALIKE
            if float(np.mean(there[usual.telling()])) >= _MOST:
                usual.take_light(view, there)


_ASKS: Final = 0.8
_NEW_ASKS: Final = 0.05
"""With more of the usual picture left, and less new in it, nothing is asked: it costs as much as the whole look."""
_NEW_SCENE: Final = 0.25
"""Cells with something new and sharp, per telling cell: without them it is a cover."""
_PLAIN: Final = 0.25
"""Share of the telling cells that show nothing."""
_EVERYWHERE: Final = Box(0.0, 0.0, 1.0, 1.0)


def _build(options: ViewOptions, shared: Shared) -> ViewDetector:
    return ViewDetector(options, shared.view_memory())


PLUGIN = Plugin(
    kind="view",
    options=ViewOptions,
    build=_build,
    summary="Whether the camera is covered, blurred, moved, frozen, in the dark or blinded, against its usual picture.",
)
