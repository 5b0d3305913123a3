"""`TrainConfig`: everything that decides a training but the data and the machine.

The keys, defaults and ranges are a contract with people's scripts: later versions may add keys,
not rename or drop them. One default was changed, with 0.2: a weight decay of 0.005, which the
report prints, to the 0.0005 that repeats its figures. What each key means and may be stands in
`settings.py`, checking in `check.py`, reading and writing in `serialization.py`.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from cifar_studio.config.architectures import ArchitectureName, DropoutSites, Stem, architecture

Schedule = Literal["constant", "multistep", "cosine", "one-cycle", "plateau"]
AutoAugment = Literal["none", "trivialaugment", "randaugment"]
Mixing = Literal["none", "mixup", "cutmix", "mixup or cutmix"]
DecayOn = Literal["all", "weights"]
TestTime = Literal["each_epoch", "at_end", "never"]
StopsOn = Literal["off", "val_loss", "val_top1"]
Normalization = Literal["dataset", "half"]
Precision = Literal["auto", "float32", "bfloat16", "float16"]


class TrainConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of one training; `settings.SETTINGS` describes each.

    msgspec checks types when JSON is read and nothing when a struct is made;
    `check.check` finds values out of range and combinations without meaning.
    """

    architecture: ArchitectureName = "resnet18"
    stem: Stem = "imagenet"
    dropout: float | None = None
    dropout_sites: DropoutSites = "classifier"
    epochs: int = 70
    batch_size: int = 128
    learning_rate: float = 0.01
    momentum: float = 0.9
    weight_decay: float = 0.0005
    nesterov: bool = False
    schedule: Schedule = "constant"
    warmup_epochs: float = 0.0
    milestones: tuple[int, ...] = ()
    schedule_factor: float = 0.1
    plateau_patience: int = 10
    final_share: float = 0.0
    schedule_epochs: int | None = None
    normalization: Normalization = "dataset"
    random_crop: bool = True
    horizontal_flip: bool = True
    auto_augment: AutoAugment = "none"
    randaugment_operations: int = 2
    randaugment_magnitude: int = 9
    cutout: float = 0.0
    cutout_size: int = 16
    random_erasing: float = 0.0
    mixing: Mixing = "none"
    mixing_probability: float = 1.0
    mixup_alpha: float = 0.2
    cutmix_alpha: float = 1.0
    label_smoothing: float = 0.0
    decay_on: DecayOn = "all"
    weight_averaging: float = 0.0
    sam_rho: float = 0.0
    train_per_class: int = 500
    test_per_class: int = 100
    validation_per_class: int = 0
    folds: int = 0
    fold: int = 1
    test: TestTime = "each_epoch"
    test_time_flip: bool = False
    early_stopping: StopsOn = "off"
    patience: int = 10
    least_improvement: float = 0.0
    stopping_from: int = 1
    seed: int = 0
    deterministic: bool = False
    device: str = "auto"
    precision: Precision = "auto"
    specialize: bool = True

    @property
    def steps_in_epoch(self) -> int:
        """Batches of an epoch; the last one may be smaller."""
        return -(-self.train_pictures // self.batch_size)

    @property
    def train_pictures(self) -> int:
        """Pictures that are learned from, where the data have as many as are asked for."""
        held_out = self.validation_pictures if self.folds > 1 else 0
        return 100 * self.train_per_class - held_out

    @property
    def validation_pictures(self) -> int:
        """Pictures that are held back to validate on, where the data have enough; 0 without."""
        if self.folds < 2:  # 1 is a fault, and is told as one
            return 100 * self.validation_per_class
        # Dealt out in turn, the first folds get what is left over.
        return len(range(self.fold - 1, 100 * self.train_per_class, self.folds))

    @property
    def has_validation(self) -> bool:
        """Whether pictures are held back to choose the best epoch: a fold, or a split."""
        return self.folds > 1 or self.validation_per_class > 0

    @property
    def locks_test_set(self) -> bool:
        """Whether the training never sees the test set: it is looked at once after it, or never."""
        return self.test != "each_epoch"

    @property
    def scheduled_epochs(self) -> int:
        """Over how many epochs the schedule runs."""
        has_length = self.schedule in ("cosine", "one-cycle")
        return (self.schedule_epochs if has_length else None) or self.epochs

    @property
    def dropout_rate(self) -> float:
        """The rate in force: the one that is set, or the network's own standard."""
        if self.dropout is not None:
            return self.dropout
        return architecture(self.architecture).standard_dropout
