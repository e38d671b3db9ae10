"""Fire verifier: trains the small network that looks at what could be fire or smoke, and writes it as ONNX.

    pip install 'community-hub[training]'
    python -m cameras.training.features PICTURES -o FEATURES --name learned
    python -m cameras.training.features PICTURES -o FEATURES --name held --crops 4096
    python -m cameras.training.fire_verifier FEATURES -o fire_verifier.onnx

PICTURES is a folder as cameras/training/pictures.py describes it. The hub needs neither torch nor this file.
"""

from __future__ import annotations

import argparse
import copy
import sys
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cameras.training.features import Batch, load
from cameras.training.network import Head, Verifier, untrained, write

NAMES: Final = ("fire", "smoke")
THRESHOLDS: Final = (0.8, 0.75)
"""What the detector asks for; the scores are scaled so that they mean what FALSE says."""
FALSE: Final = (0.02, 0.02)
"""Share of held-back negatives, disguised as fire and smoke, that reaches the threshold."""
BATCH: Final = 64
RATES: Final = (4e-4, 2e-3)
"""Of the blocks, and of the new last layer."""
SMOOTHED: Final = 0.02
"""Labels are not surer than this: some boxes are wrong."""
LOOKED_AGAIN: Final = 400
"""Steps after which pieces that have come since are read too."""
AVERAGED: Final = 0.998
"""The weights that are written are the mean of the last few hundred steps'."""
SEED: Final = 20260101


def train(head: Head, folder: Path, *, passes: int, log_every: int = 50) -> Head:
    """Train on what is in `folder` until `passes` crops were seen; returns the averaged head."""
    rng = np.random.default_rng(SEED)
    answers = [p for name, p in head.named_parameters() if name.startswith("answer")]
    rest = [p for name, p in head.named_parameters() if not name.startswith("answer")]
    groups = [{"params": rest, "lr": RATES[0]}, {"params": answers, "lr": RATES[1]}]
    optimizer = torch.optim.AdamW(groups, weight_decay=2e-2)
    averaged: Head = copy.deepcopy(head)
    head.train()
    steps = passes // BATCH
    losses: list[float] = []
    features, labels = load(folder, "learned")
    for step in range(steps):
        if step and step % LOOKED_AGAIN == 0 and len(list(folder.glob("learned*.labels.npy"))) * 1024 > len(labels):
            features, labels = load(folder, "learned")
        for group, rate in zip(optimizer.param_groups, RATES, strict=True):
            group["lr"] = rate * min(1.0, (step + 1) / 50) * (0.5 + 0.5 * np.cos(np.pi * step / steps))
        rows = rng.integers(0, len(labels), BATCH)
        loss = _loss(head(_tensor(features[rows])), labels[rows])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(head.parameters(), 2.0)
        optimizer.step()
        losses.append(float(loss.detach()))
        _average(averaged, head, min(AVERAGED, 1 - 10 / (10 + step)))
        if step % log_every == log_every - 1:
            sys.stderr.write(f"step {step + 1} of {steps}, {len(labels)} crops, loss {np.mean(losses[-200:]):.3f}\n")
    averaged.eval()
    return averaged


def logits_of(head: Head, batch: Batch) -> NDArray[np.float32]:
    """What the head says of kept crops, (n, 2)."""
    head.eval()
    with torch.no_grad():
        parts = [head(_tensor(batch[0][at : at + BATCH])).numpy() for at in range(0, len(batch[0]), BATCH)]
    return np.concatenate(parts)


def scaled(verifier: Verifier, logits: NDArray[np.float32], labels: NDArray[np.int8]) -> None:
    """Shift the scores so that `FALSE` of what is held back and is none reaches `THRESHOLDS`."""
    for answer, (threshold, false) in enumerate(zip(THRESHOLDS, FALSE, strict=True)):
        negatives = logits[labels[:, answer] == 0, answer]
        wanted = float(np.log(threshold / (1 - threshold)))
        verifier.shift[answer] = wanted - float(np.quantile(negatives, 1 - false))


def table(scores: NDArray[np.floating], labels: NDArray[np.int8]) -> str:
    """How it does on crops that it never saw."""
    lines = ["answer  at    found   false"]
    for answer, name in enumerate(NAMES):
        of, none = (scores[labels[:, answer] == label, answer] for label in (1, 0))
        for least in (0.5, 0.75, 0.8, 0.9, 0.95):
            found, false = float((of >= least).mean()), float((none >= least).mean())
            lines.append(f"{name:7} {least:.2f}  {found:6.1%}  {false:6.1%}  of {len(of)}, {len(none)}")
    return "\n".join(lines)


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


def main() -> int:
    """Train, judge, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("features", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--passes", type=int, default=100_000, help="crops seen in training, each several times")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--begin", type=Path, help="go on with what an earlier run wrote beside its output, as .pt")
    asked = parser.parse_args()
    torch.manual_seed(SEED)
    torch.set_num_threads(asked.threads)
    trunk, head = untrained()
    if asked.begin:
        head.load_state_dict(torch.load(asked.begin))
    head = train(head.to(memory_format=torch.channels_last), asked.features, passes=asked.passes)
    torch.save(head.state_dict(), asked.output.with_suffix(".pt"))
    verifier = Verifier(trunk, head)
    held = load(asked.features, "held")
    if len(held[0]):
        logits = logits_of(head, held)
        sys.stdout.write(f"as trained\n{table(1 / (1 + np.exp(-logits)), held[1])}\n")
        scaled(verifier, logits, held[1])
        logits = logits + verifier.shift.numpy()
        sys.stdout.write(f"scaled by {verifier.shift.tolist()}\n{table(1 / (1 + np.exp(-logits)), held[1])}\n")
    write(verifier, asked.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
