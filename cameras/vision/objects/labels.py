"""Labels: the words of networks for what they name, and which of the hub's own words each stands for.

The hub knows few words, because each has rules and texts behind it. What a network calls otherwise is told as one of
them (a lorry is a truck), and what has no word here is left out before anything is sorted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

WORDS: Final = (
    "person",
    "bicycle",
    "car",
    "motorcycle",
    "bus",
    "truck",
    "cat",
    "dog",
    "horse",
    "sheep",
    "cow",
    "elephant",
    "bear",
    "zebra",
    "giraffe",
)
"""What the hub tells of, in the words of COCO."""

COCO_80: Final = tuple(
    """person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,fire hydrant,stop sign
    parking meter,bench,bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe,backpack,umbrella,handbag,tie
    suitcase,frisbee,skis,snowboard,sports ball,kite,baseball bat,baseball glove,skateboard,surfboard,tennis racket
    bottle,wine glass,cup,fork,knife,spoon,bowl,banana,apple,sandwich,orange,broccoli,carrot,hot dog,pizza,donut,cake
    chair,couch,potted plant,bed,dining table,toilet,tv,laptop,mouse,remote,keyboard,cell phone,microwave,oven,toaster
    sink,refrigerator,book,clock,vase,scissors,teddy bear,hair drier,toothbrush""".replace("\n    ", ",").split(",")
)
"""COCO's classes in their order, as most networks give them."""

_NOT_USED: Final = (11, 25, 28, 29, 44, 65, 67, 68, 70, 82)
"""Numbers, from 0, that COCO gave to classes without a single box."""


def _with_gaps() -> tuple[str, ...]:
    names = iter(COCO_80)
    return tuple("" if number in _NOT_USED else next(names) for number in range(90))


COCO_90: Final = _with_gaps()
"""The same by COCO's own numbers less one, with the gaps that they have: what TensorFlow's detectors give."""

_SAME: Final = {
    "person": "people,human,pedestrian,man,woman,child,kid,rider,cyclist,worker,人,行人,人员",
    "bicycle": "bike,cycle,自行车",
    "car": "vehicle,van,suv,taxi,minivan,sedan,pickup,汽车,轿车,小汽车,面包车",
    "motorcycle": "motorbike,motor,moped,scooter,e-bike,ebike,electric bicycle,tricycle,摩托车,电动车,三轮车",
    "bus": "coach,minibus,公交车,客车,大巴",
    "truck": "lorry,tractor,trailer,卡车,货车",
    "cat": "猫",
    "dog": "狗,犬",
    "horse": "马",
    "sheep": "goat,羊",
    "cow": "cattle,buffalo,bull,牛",
}
_WORD_OF: Final = {
    **{word: word for word in WORDS},
    **{name: word for word, names in _SAME.items() for name in names.split(",")},
}


def word_for(label: str) -> str | None:
    """The hub's word for what a network calls `label`; None when it has none."""
    return _WORD_OF.get(label.strip().lower().replace("_", " "))


def known_classes(labels: Sequence[str]) -> tuple[tuple[int, str], ...]:
    """Which of a network's classes are told of: the number of each and the hub's word for it."""
    words = ((number, word_for(label)) for number, label in enumerate(labels))
    return tuple((number, word) for number, word in words if word is not None)
