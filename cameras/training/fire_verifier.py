"""Fire verifier: trains the small network that looks at what could be fire or smoke, and writes it as ONNX.

    pip install 'community-hub[training]'
    python -m cameras.training.fire_verifier PICTURES -o fire_verifier.onnx

PICTURES is a folder as cameras/training/pictures.py describes it. Two rounds: first on crops drawn by chance, then on
crops of which the negatives are those that the first round's network is most wrong about. It takes an hour of one core
and 2 GB of memory and disk; what is held back is judged at the end. The hub needs neither torch nor this file.
"""

from __future__ import annotations

import argparse
import copy
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cameras.training.crops import Cutter
from cameras.training.features import Batch, TrunkRun, hard, keep, load
from cameras.training.network import Head, Verifier, untrained, write
from cameras.training.pictures import read_examples
from cameras.vision.fire.verifier import FireVerifier

NAMES: Final = ("fire", "smoke")
THRESHOLDS: Final = (0.8, 0.75)
"""Scores at which FALSE holds, so that a score means the same after each training. The detector asks for several looks
at scores of its own, lower and higher ones, by what the witnesses say (`cameras/detectors/fire.py`)."""
FALSE: Final = (0.007, 0.02)
"""Share of held-back negatives, disguised as fire and smoke, that reaches the threshold. Fire's is strict: of whole
pictures of ordinary places three times as many are taken for fire as of these crops."""
BATCH: Final = 64
RATES: Final = (4e-4, 2e-3)
"""Of the blocks, and of the new last layer."""
SMOOTHED: Final = 0.02
"""Labels are not surer than this: some boxes are wrong."""
AVERAGED: Final = 0.998
"""The weights that are written are the mean of the last few hundred steps'."""
BLENDED: Final = 0.5
"""Of the weights that are written, so much is trained and the rest ImageNet's: what was learned from a few hundred
scenes then fits others better. Source: Wortsman and others, Robust fine-tuning of zero-shot models (2022)."""
SEED: Final = 20260101


@dataclass(frozen=True, slots=True)
class Round:
    """One round of training.

    Attributes:
        name: Its crops' pieces begin with it.
        crops: So many are drawn.
        passes: So many are seen in training, each several times.
        gain: On RATES.
        earlier: Share of what is seen that comes from the round before, 0..1.
    """

    name: str
    crops: int
    passes: int
    gain: float
    earlier: float


ROUNDS: Final = (
    Round("first", crops=49_152, passes=96_000, gain=1.0, earlier=0.0),
    Round("hard", crops=12_288, passes=28_800, gain=0.6, earlier=0.65),
)
HELD: Final = 3072
"""Crops of what is held back."""


def train(head: Head, parts: list[Batch], shares: list[float], one: Round) -> Head:
    """Train on `parts`, of which `shares` are seen; returns the head with averaged weights."""
    rng = np.random.default_rng(SEED)
    answers = [p for name, p in head.named_parameters() if name.startswith("answer")]
    rest = [p for name, p in head.named_parameters() if not name.startswith("answer")]
    groups = [{"params": rest, "lr": RATES[0]}, {"params": answers, "lr": RATES[1]}]
    optimizer = torch.optim.AdamW(groups, weight_decay=2e-2)
    averaged: Head = copy.deepcopy(head)
    head.train()
    steps = one.passes // BATCH
    losses: list[float] = []
    for step in range(steps):
        for group, rate in zip(optimizer.param_groups, RATES, strict=True):
            group["lr"] = one.gain * rate * min(1.0, (step + 1) / 50) * (0.5 + 0.5 * np.cos(np.pi * step / steps))
        features, labels = _drawn(parts, shares, rng)
        loss = _loss(head(_tensor(features)), labels)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(head.parameters(), 2.0)
        optimizer.step()
        losses.append(float(loss.detach()))
        _average(averaged, head, min(AVERAGED, 1 - 10 / (10 + step)))
        if step % 50 == 49:
            sys.stderr.write(f"{one.name}: step {step + 1} of {steps}, loss {np.mean(losses[-200:]):.3f}\n")
    averaged.eval()
    return averaged


def blended(head: Head, share: float = BLENDED) -> Head:
    """The head with `share` of its own weights and the rest of ImageNet's; the last layer stays its own."""
    ours = head.state_dict()
    _, mixed = untrained()
    theirs = mixed.state_dict()
    mixed.load_state_dict(
        {
            name: ours[name]
            if name.startswith("answer")
            else torch.lerp(theirs[name].float(), ours[name].float(), share)
            for name in ours
        }
    )
    result: Head = mixed.to(memory_format=torch.channels_last)
    result.eval()
    return result


def logits_of(head: Head, batch: Batch) -> NDArray[np.float32]:
    """What the head says of kept crops, (n, 2)."""
    head.eval()
    with torch.no_grad():
        parts = [head(_tensor(batch[0][at : at + BATCH])).numpy() for at in range(0, len(batch[0]), BATCH)]
    return np.concatenate(parts)


def scaled(verifier: Verifier, logits: NDArray[np.float32], labels: NDArray[np.int8]) -> NDArray[np.float32]:
    """Stretch the scores to be as sure as they are right, and shift them so that `FALSE` reaches `THRESHOLDS`.

    Returns:
        The scores of `logits`.
    """
    for answer, (threshold, false) in enumerate(zip(THRESHOLDS, FALSE, strict=True)):
        known = labels[:, answer] >= 0
        truth, given = labels[known, answer].astype(np.float64), logits[known, answer].astype(np.float64)
        # Platt's scaling by search: the pair under which what is held back is least surprising.
        pairs = [(gain, shift) for gain in np.arange(0.5, 6.1, 0.25) for shift in np.arange(-4, 4.1, 0.25)]
        surprise = [np.logaddexp(0, (1 - 2 * truth) * (given * gain + shift)).mean() for gain, shift in pairs]
        gain = pairs[int(np.argmin(surprise))][0]
        wanted = float(np.log(threshold / (1 - threshold)))
        verifier.gain[answer] = gain
        verifier.shift[answer] = wanted - gain * float(np.quantile(given[truth == 0], 1 - false))
    stretched = logits * verifier.gain.numpy() + verifier.shift.numpy()
    return np.asarray(1 / (1 + np.exp(-stretched)), np.float32)


def table(scores: NDArray[np.floating], labels: NDArray[np.int8]) -> str:
    """How it does on crops that it never saw."""
    lines = ["answer  at    found   false"]
    for answer, name in enumerate(NAMES):
        of, none = (scores[labels[:, answer] == label, answer] for label in (1, 0))
        for least in (0.5, 0.75, 0.8, 0.9, 0.95):
            found, false = float((of >= least).mean()), float((none >= least).mean())
            lines.append(f"{name:7} {least:.2f}  {found:6.1%}  {false:6.1%}  of {len(of)}, {len(none)}")
    return "\n".join(lines)


def _drawn(parts: list[Batch], shares: list[float], rng: np.random.Generator) -> Batch:
    """A batch: of each part its share."""
    chosen = rng.choice(len(parts), BATCH, p=shares)
    rows = [(number, int(rng.integers(len(parts[number][1])))) for number in chosen]
    return np.stack([parts[n][0][row] for n, row in rows]), np.stack([parts[n][1][row] for n, row in rows])


def _loss(logits: Tensor, labels: NDArray[np.int8]) -> Tensor:
    """Cross entropy of what is known."""
    truth = torch.from_numpy(labels.astype(np.float32))
    known = (truth >= 0).float()
    each = nn.functional.binary_cross_entropy_with_logits(logits, truth.clamp(SMOOTHED, 1 - SMOOTHED), reduction="none")
    return (each * known).sum() / known.sum()


def _average(averaged: Head, head: Head, kept: float) -> None:
    with torch.no_grad():
        for old, new in zip(averaged.parameters(), head.parameters(), strict=True):
            old.lerp_(new, 1 - kept)


def _tensor(features: NDArray[np.float16]) -> Tensor:
    return torch.from_numpy(features.astype(np.float32)).contiguous(memory_format=torch.channels_last)


def make(pictures: Path, folder: Path, output: Path, held_back: float) -> str:
    """Both rounds; returns how the network does on what was held back."""
    learned, held = read_examples(pictures, held_back)
    seen = TrunkRun()
    rng = np.random.default_rng(SEED)
    keep(folder, "held", count=HELD, next_crop=Cutter(held, rng).crop, trunk=seen)
    trunk, head = untrained()
    head = head.to(memory_format=torch.channels_last)
    parts: list[Batch] = []
    for one in ROUNDS:
        cutter = Cutter(learned, rng)
        next_crop = hard(cutter, FireVerifier(output), rng) if parts else cutter.crop
        keep(folder, one.name, count=one.crops, next_crop=next_crop, trunk=seen)
        parts.append(load(folder, one.name))
        head = train(head, parts, [1.0] if len(parts) == 1 else [one.earlier, 1 - one.earlier], one)
        verifier = Verifier(trunk, blended(head))
        logits, labels = logits_of(verifier.head, load(folder, "held")), load(folder, "held")[1]
        scores = scaled(verifier, logits, labels)
        write(verifier, output)
    return table(scores, labels)


def main() -> int:
    """Train, judge, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--held-back", type=float, default=0.15, help="share of the origins, 0..1")
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    torch.manual_seed(SEED)
    torch.set_num_threads(asked.threads)
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory(prefix="features-") as folder:
        sys.stdout.write(make(asked.pictures, Path(folder), asked.output, asked.held_back) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
