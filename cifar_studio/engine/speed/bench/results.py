"""What `bench` measured, slice by slice, and the figures that follow. No torch here.

A ratio is taken inside a round, between slices that stand seconds apart, and only then does the
median go over the rounds: a machine that is slower for a while slows both sides of a ratio.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

import msgspec

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.folder.environment import Environment

EPOCH_PICTURES = 50_000
TEST_PICTURES = 10_000


class Slice(msgspec.Struct, frozen=True):
    """One contender's part of one round: so many pictures in so many seconds."""

    pictures: int
    seconds: float

    @property
    def pictures_per_second(self) -> float:
        return self.pictures / max(self.seconds, 1e-9)


class Spread(msgspec.Struct, frozen=True):
    """The median of the rounds, and the least and greatest of them."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """Of one value a round, at least one."""
        known = list(values)
        return cls(statistics.median(known), min(known), max(known))


class LoaderSlices(msgspec.Struct, frozen=True):
    """The plain loop with so many loader processes; one slice a round."""

    workers: int
    slices: tuple[Slice, ...]


class Best(msgspec.Struct, frozen=True):
    """The fastest of the plain loops in one round."""

    workers: int
    pictures_per_second: float


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """The studio in one precision.

    There is one slice a round. `first_step_s` is from the call of `train` to the news of its first
    batch, torch and the device being ready. `peak_mib` is the device's memory of a training that is
    alone on it, its first batches; None on a CPU.
    """

    asked: str  # the config's precision; what came of it stands in `environment.resolved`
    environment: Environment
    studio: tuple[Slice, ...]  # the whole training
    limit: tuple[Slice, ...]  # its step alone on one resident batch
    evaluation: tuple[Slice, ...]  # of test pictures
    first_step_s: float
    peak_mib: float | None
    state_mib: float  # weights, gradients and momentum
    data_mib: float  # pictures and labels that lie on the device all the time


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What a row of the table tells.

    Attributes
    ----------
    studio_pictures_per_second, plain_pictures_per_second : Spread
        Plain is the best of the loops in each round.
    epoch_s : float
        Seconds for 50,000 pictures at the studio's median.
    plain_workers : int
        The loader processes that were best most often.
    studio_to_plain, studio_to_limit, step_to_plain_step : Spread
        Ratios of pictures a second, above 1 where the first is faster.
    test_s, test_percent_of_epoch : float
        Seconds to evaluate 10,000 pictures, and what that is of `epoch_s`.
    """

    studio_pictures_per_second: Spread
    epoch_s: float
    plain_pictures_per_second: Spread
    plain_workers: int
    studio_to_plain: Spread
    studio_to_limit: Spread
    step_to_plain_step: Spread
    test_s: float
    test_percent_of_epoch: float


class NetworkResult(msgspec.Struct, frozen=True, kw_only=True):
    """All that was measured with one network.

    Attributes
    ----------
    loaders : tuple of LoaderSlices
        The plain loops.
    plain_step : tuple of Slice
        The plain step alone on one resident batch.
    plain_peak_mib : float or None
        As `Variant.peak_mib`.
    variants : tuple of Variant
        As the config asks, and in float32 where that is another.
    """

    config: TrainConfig
    loaders: tuple[LoaderSlices, ...]
    plain_step: tuple[Slice, ...]
    plain_peak_mib: float | None
    plain_state_mib: float
    variants: tuple[Variant, ...]

    def best_plain(self) -> tuple[Best, ...]:
        """The fastest plain loop of each round."""
        rounds = zip(*(loader.slices for loader in self.loaders), strict=True)
        return tuple(
            max(
                (
                    Best(loader.workers, part.pictures_per_second)
                    for loader, part in zip(self.loaders, parts, strict=True)
                ),
                key=lambda best: best.pictures_per_second,
            )
            for parts in rounds
        )

    def figures(self, variant: Variant) -> Figures:
        """The row of one of the variants."""
        best = self.best_plain()
        studio, limit = _rates(variant.studio), _rates(variant.limit)
        plain = [one.pictures_per_second for one in best]
        speed = Spread.of(studio)
        epoch_s = EPOCH_PICTURES / speed.median
        test_s = TEST_PICTURES / statistics.median(_rates(variant.evaluation))
        return Figures(
            studio_pictures_per_second=speed,
            epoch_s=epoch_s,
            plain_pictures_per_second=Spread.of(plain),
            plain_workers=statistics.mode(one.workers for one in best),
            studio_to_plain=_ratio(studio, plain),
            studio_to_limit=_ratio(studio, limit),
            step_to_plain_step=_ratio(limit, _rates(self.plain_step)),
            test_s=test_s,
            test_percent_of_epoch=100 * test_s / epoch_s,
        )


def _rates(slices: Iterable[Slice]) -> list[float]:
    return [one.pictures_per_second for one in slices]


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    return Spread.of(mine / other for mine, other in zip(ours, theirs, strict=True))
