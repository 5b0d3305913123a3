"""TrivialAugment and RandAugment: an operation of some strength for each picture.

An entry is one operation, one of its strengths and one sign. All entries of a policy are equally
likely: operations without strengths or signs have them all the same. What an entry does to pixels
whatever the picture stands in tables that are made once.

Letters in names: N pictures of an epoch, R operations one after another, E entries, B pictures of
one batch, P = 1024 pixels, V = 256 values.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from cifar_studio.config.train_config import AutoAugment, TrainConfig
from cifar_studio.engine.augmentation.boxes import SIDE
from cifar_studio.engine.augmentation.colours import blended, looked_up, table
from cifar_studio.engine.augmentation.shapes import moved, source_pixels
from cifar_studio.engine.augmentation.streams import Purpose, stream

STRENGTHS = 31
_Range = tuple[float, float]
_TRIVIAL: dict[str, _Range] = {
    "Identity": (0, 0),
    "ShearX": (0, 0.99),
    "ShearY": (0, 0.99),
    "TranslateX": (0, 32),
    "TranslateY": (0, 32),
    "Rotate": (0, 135),
    "Brightness": (0, 0.99),
    "Color": (0, 0.99),
    "Contrast": (0, 0.99),
    "Sharpness": (0, 0.99),
    "Posterize": (8, 2),
    "Solarize": (255, 0),
    "AutoContrast": (0, 0),
    "Equalize": (0, 0),
}
"""The strengths of arXiv 2103.10158, wide, from the weakest on."""
_RAND: dict[str, _Range] = _TRIVIAL | {
    "ShearX": (0, 0.3),
    "ShearY": (0, 0.3),
    "TranslateX": (0, 150 / 331 * SIDE),
    "TranslateY": (0, 150 / 331 * SIDE),
    "Rotate": (0, 30),
    "Brightness": (0, 0.9),
    "Color": (0, 0.9),
    "Contrast": (0, 0.9),
    "Sharpness": (0, 0.9),
    "Posterize": (8, 4),
}
"""Those of arXiv 1909.13719, as torchvision takes them."""
OPERATIONS = tuple(_TRIVIAL)
SIGNED = OPERATIONS[1:10]


@dataclass(frozen=True)
class Entries:
    """What a policy can do.

    Attributes
    ----------
    operations_E : (E,) int64 tensor
        Places in `OPERATIONS`.
    magnitudes_E : (E,) float32 tensor
        Strengths, with their signs.
    sources_EP : (E, 1024) int16 tensor
        Where each pixel comes from.
    tables_EV : (E, 256) uint8 tensor
        What becomes of each value.
    """

    operations_E: Tensor
    magnitudes_E: Tensor
    sources_EP: Tensor
    tables_EV: Tensor

    def copied_to(self, device: torch.device) -> Entries:
        """Tensors of its own, for a plan's are written to."""
        tensors = (self.operations_E, self.magnitudes_E, self.sources_EP, self.tables_EV)
        return Entries(*(tensor.to(device, copy=True) for tensor in tensors))


@dataclass(frozen=True)
class Policy:
    """An epoch's operations.

    Attributes
    ----------
    entries : Entries
    chosen_RN : (R, N) int64 tensor
        Which entry each picture takes, first, second and so on.
    """

    entries: Entries
    chosen_RN: Tensor


@lru_cache(maxsize=4)
def entries_of(name: AutoAugment, strength: int | None) -> Entries:
    """All entries of a policy, on the host: of one strength, 0 to 30, or of all."""
    ranges = _TRIVIAL if name == "trivialaugment" else _RAND
    found: list[tuple[int, float]] = []
    for number, operation in enumerate(OPERATIONS):
        strengths = torch.linspace(*ranges[operation], STRENGTHS)
        if operation == "Posterize":
            strengths = strengths.round()
        signs = (1, -1) if operation in SIGNED else (1, 1)
        for magnitude in strengths.tolist() if strength is None else [strengths[strength].item()]:
            found += [(number, sign * magnitude) for sign in signs]
    named = [(OPERATIONS[number], magnitude) for number, magnitude in found]
    return Entries(
        operations_E=torch.tensor([number for number, _ in found]),
        magnitudes_E=torch.tensor([magnitude for _, magnitude in found], dtype=torch.float32),
        sources_EP=torch.from_numpy(np.stack([source_pixels(*entry) for entry in named])),
        tables_EV=torch.from_numpy(np.stack([table(*entry) for entry in named])),
    )


def draw_policy(config: TrainConfig, n: int, epoch: int, device: torch.device) -> Policy | None:
    """An epoch's operations, with a draw of its own for each picture."""
    if config.auto_augment == "none":
        return None
    is_trivial = config.auto_augment == "trivialaugment"
    rounds = 1 if is_trivial else config.randaugment_operations
    strength = None if is_trivial else config.randaugment_magnitude
    entries = entries_of(config.auto_augment, strength)
    generator = stream(config.seed, epoch, Purpose.POLICY)
    chosen_RN = generator.integers(0, len(entries.operations_E), size=(rounds, n))
    return Policy(entries.copied_to(device), torch.from_numpy(chosen_RN).to(device))


def augment(policy: Policy, images_BCHW: Tensor, shown_B: Tensor) -> Tensor:
    """Do to the uint8 pictures at the places `shown_B` what an epoch has for each of them."""
    for chosen_B in policy.chosen_RN.index_select(1, shown_B):
        images_BCHW = operated(policy.entries, images_BCHW, chosen_B)
    return images_BCHW


def operated(entries: Entries, images_BCHW: Tensor, chosen_B: Tensor) -> Tensor:
    """Do one entry to each of some uint8 pictures, (B, 3, 32, 32).

    Every kind of operation runs on all of them, and changes nothing where it is not the one that
    was chosen: so shapes depend on no draw, and the work can be recorded.
    """
    operations_B = entries.operations_E.index_select(0, chosen_B)
    magnitudes_B = entries.magnitudes_E.index_select(0, chosen_B)
    masks_B = {name: operations_B == number for number, name in enumerate(OPERATIONS)}
    images_BCHW = moved(images_BCHW, entries.sources_EP.index_select(0, chosen_B))
    images_BCHW = blended(images_BCHW, masks_B, magnitudes_B)
    return looked_up(images_BCHW, masks_B, entries.tables_EV.index_select(0, chosen_B))
