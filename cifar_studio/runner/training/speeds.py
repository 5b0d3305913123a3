"""Training speeds measured on this computer, remembered for the estimates beside Start.

A picture of the machine, not of any run: losing the file costs a few seconds of measuring.
"""

from __future__ import annotations

import contextlib
import math
from pathlib import Path

import msgspec

from cifar_studio import atomic
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.reading import read_bytes

MAX_BYTES = 1024 * 1024
ROUGH_SPREAD = 0.25


class Speed(msgspec.Struct, frozen=True):
    """Pictures a second in training and evaluation, and peak memory in MiB.

    `is_rough` where it comes from a few batches, and not from an epoch.
    """

    train_images_per_second: float
    test_images_per_second: float
    memory_mib: float
    is_rough: bool = True

    @property
    def _measured(self) -> tuple[float, float, float]:
        return self.train_images_per_second, self.test_images_per_second, self.memory_mib

    @property
    def is_sensible(self) -> bool:
        """Whether a machine could have this speed."""
        low, high = 1e-3, 1e9
        return all(low <= value <= high for value in self._measured)

    def is_close_to(self, other: Speed) -> bool:
        """Whether an estimate would be the same to a tenth: not worth a write each epoch."""
        pairs = zip(self._measured, other._measured, strict=True)
        is_alike = all(math.isclose(mine, theirs, rel_tol=0.1) for mine, theirs in pairs)
        return is_alike and self.is_rough == other.is_rough

    @property
    def spread(self) -> float:
        """How far off an estimate may well be, as a share: other programs come and go."""
        return ROUGH_SPREAD if self.is_rough else 0.0

    def seconds(self, config: TrainConfig) -> float:
        """How long a whole run of a config takes."""
        train = config.train_pictures / self.train_images_per_second
        test = 100 * config.test_per_class / self.test_images_per_second
        validation = config.validation_pictures / self.test_images_per_second
        tests = {"each_epoch": config.epochs, "at_end": 1, "never": 0}[config.test]
        return config.epochs * (train + validation) + tests * test


class SpeedBook:
    """Speeds by what decides them: network, batch, device, precision, and what a step does.

    Parameters
    ----------
    path : Path
        Where the book is kept. A damaged or missing one is begun anew.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._speeds: dict[str, Speed] = {}
        with contextlib.suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            speeds = msgspec.json.decode(read_bytes(path, MAX_BYTES), type=dict[str, Speed])
            self._speeds = {key: speed for key, speed in speeds.items() if speed.is_sensible}

    def lookup(self, config: TrainConfig) -> Speed | None:
        """The speed measured for a config like this one."""
        return self._speeds.get(speed_key(config))

    def remember(self, config: TrainConfig, speed: Speed) -> None:
        """Keep a measurement, unless the one that is kept says nearly the same."""
        known = self.lookup(config)
        if not speed.is_sensible or (known is not None and known.is_close_to(speed)):
            return
        self._speeds[speed_key(config)] = speed
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            atomic.write_bytes(self._path, msgspec.json.encode(self._speeds))


def speed_key(config: TrainConfig) -> str:
    """What decides the speed of a config, as one word.

    What is off adds nothing to it, so that a speed stays known when the studio learns new tricks.
    """
    parts = [
        config.architecture,
        config.stem,
        config.dropout_sites,
        config.batch_size,
        config.device,
        config.precision,
        config.specialize,
        config.deterministic,
    ]
    if config.auto_augment == "randaugment":
        parts.append(f"randaugment {config.randaugment_operations}")
    elif config.auto_augment != "none":
        parts.append(config.auto_augment)
    extras = {
        "squares": config.cutout or config.random_erasing,
        "mixing": config.mixing != "none" and config.mixing_probability,
        "averaging": config.weight_averaging,
        "sam": config.sam_rho,
        "flip at test": config.test_time_flip,
    }
    return "/".join(map(str, [*parts, *(name for name, is_on in extras.items() if is_on)]))
