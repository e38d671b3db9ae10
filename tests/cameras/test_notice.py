"""Whose pictures the weights that come along were trained on is said where the weights are."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import cameras.detectors

ROOT = Path(__file__).parents[2]
BESIDE = Path(cameras.detectors.__file__).parent / "weights" / "NOTICE"


def test_the_notice_lies_beside_the_weights_and_goes_into_the_wheel() -> None:
    assert BESIDE.read_text(encoding="utf-8") == (ROOT / "NOTICE").read_text(encoding="utf-8")
    packed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "detectors/weights/NOTICE" in packed["tool"]["setuptools"]["package-data"]["cameras"]


def test_the_notice_names_every_collection_of_the_model_card_with_its_licence() -> None:
    notice = " ".join(BESIDE.read_text(encoding="utf-8").split())
    card = (ROOT / "docs/models/fire_verifier.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| [^|]+ \| [\d,]+ \| ([^|]+) \| ([^|]+) \|$", card, re.MULTILINE)
    assert len(table) >= 4
    for licence, source in table:
        carrier = re.findall(r"[\w-]+/[\w-]+", source)[-1]
        assert carrier in notice
        assert {"CC BY 4.0": "Creative Commons Attribution 4.0", "MIT": "MIT licence"}[licence] in notice
