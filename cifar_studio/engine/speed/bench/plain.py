"""Training as most scripts write it: the yardstick of `bench`, in full, for anyone to check.

Stock torchvision network in float32, PIL pictures and torchvision's transforms in a `DataLoader`,
`torch.optim.SGD` in its default form, and the running loss and accuracy taken off the device at
each step. Nothing of the studio's engine is used here.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import time
import warnings
from collections.abc import Generator, Iterator, Sequence
from typing import Any

import numpy as np
import psutil
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset
from torchvision import models, transforms

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import CLASSES
from cifar_studio.engine.speed.bench.results import Slice
from cifar_studio.errors import TrainingError

PREFETCHED = 2  # batches a loader process is ahead: the default of DataLoader
REST_S = 2.0
POLL_S = 0.05
SHUT_DOWN_S = 5.0
BATCH_TIMEOUT_S = 60.0
# The first is about more processes than processors, which is what is measured here; the second
# about starting them by fork beside threads, as DataLoader does by default.
_EXPECTED_WARNINGS = (r"This DataLoader will create", r"This process .* is multi-threaded")


class PlainPictures(TorchDataset[tuple[Tensor, int]]):
    """Pictures as `torchvision.datasets.CIFAR100` holds and gives them.

    `mean` and `std` are three floats each, per channel, of values in [0, 1].
    """

    def __init__(
        self,
        images_NCHW: NDArray[np.uint8],
        labels_N: NDArray[np.uint8],
        mean: Sequence[float],
        std: Sequence[float],
    ) -> None:
        self._images_NHWC = np.ascontiguousarray(images_NCHW.transpose(0, 2, 3, 1))
        self._labels: list[int] = labels_N.tolist()
        self._transform = transforms.Compose(
            [
                transforms.RandomCrop(32, padding=4),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                transforms.Normalize(mean, std),
            ]
        )

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        image = Image.fromarray(self._images_NHWC[index])
        return self._transform(image), self._labels[index]


class PlainTraining:
    """The network and its optimizer; the loops with more and fewer processes share them.

    The network is always the stock one, whatever stem, dropout and precision the config asks for.
    """

    def __init__(self, config: TrainConfig, device: torch.device) -> None:
        self.device = device
        builder = getattr(models, config.architecture)
        self.network: nn.Module = builder(weights=None, num_classes=CLASSES).to(device)
        self.network.train()
        self.optimizer = torch.optim.SGD(
            self.network.parameters(),
            lr=config.learning_rate,
            momentum=config.momentum,
            weight_decay=config.weight_decay,
            nesterov=config.nesterov,
        )

    def step(self, images_BCHW: Tensor, labels_B: Tensor) -> tuple[Tensor, Tensor]:
        """Train on one batch; its loss and its (B, 100) logits."""
        self.optimizer.zero_grad()
        logits_BK: Tensor = self.network(images_BCHW)
        loss = functional.cross_entropy(logits_BK, labels_B)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        return loss, logits_BK


class PlainLoop:
    """The training loop around `PlainTraining`, held between slices; close it in the end.

    `workers` counts the loader's processes; with 0 the loop makes its batches itself.
    """

    def __init__(
        self, training: PlainTraining, pictures: PlainPictures, batch_size: int, workers: int
    ) -> None:
        self._training = training
        self._workers = workers
        with _expected_warnings():
            self._loader: DataLoader[Any] | None = DataLoader(
                pictures,
                batch_size=batch_size,
                shuffle=True,
                num_workers=workers,
                timeout=BATCH_TIMEOUT_S if workers else 0,
                pin_memory=training.device.type == "cuda",
                persistent_workers=workers > 0,
            )
        self._batches = self._endless_batches(self._loader)
        self._processes: list[Any] = []
        self._begin_epoch()

    @property
    def mean_loss(self) -> float:
        """Of the epoch so far, as such loops show it."""
        return self._loss_sum / max(self._batches_done, 1)

    @property
    def top1(self) -> float:
        """Percent, of the epoch so far."""
        return 100 * self._correct / max(self._pictures_done, 1)

    def slice(self, seconds: float, at_least: int) -> Slice:
        """Train for so many seconds, and at least so many batches.

        What the loader had ready before the slice is trained on first and not timed (for half of
        `seconds` at most), and one batch without processes. From then on the processes make as
        many batches as the loop takes, beside it, as in a training that never rests.
        """
        start = time.perf_counter()
        for _ in range(max(1, PREFETCHED * self._workers)):
            self._take()
            if time.perf_counter() - start >= seconds / 2:
                break
        pictures = batches = 0
        start = time.perf_counter()
        while batches < at_least or time.perf_counter() - start < seconds:
            pictures += self._take()
            batches += 1
        taken_s = time.perf_counter() - start
        self._rest()
        return Slice(pictures, taken_s)

    def close(self) -> None:
        """End the loader's processes, whatever state they are in."""
        self._batches.close()
        # torch has no public word for it: processes end when the loader is forgotten, which the
        # traceback of an error puts off.
        shut_down = getattr(getattr(self._loader, "_iterator", None), "_shutdown_workers", None)
        if shut_down is not None:
            shut_down()
        self._loader = None
        for process in self._processes:
            process.join(SHUT_DOWN_S)
            if process.is_alive():
                process.kill()
                process.join()
        self._processes.clear()

    def _take(self) -> int:
        """One turn of the loop; how many pictures it took."""
        images_BCHW, labels_B = next(self._batches)
        device = self._training.device
        images_BCHW = images_BCHW.to(device, non_blocking=True)
        labels_B = labels_B.to(device, non_blocking=True)
        loss, logits_BK = self._training.step(images_BCHW, labels_B)
        self._loss_sum += loss.item()
        self._correct += int((logits_BK.argmax(1) == labels_B).sum().item())
        self._batches_done += 1
        self._pictures_done += len(labels_B)
        return len(labels_B)

    def _begin_epoch(self) -> None:
        self._loss_sum = 0.0
        self._correct = self._batches_done = self._pictures_done = 0

    def _endless_batches(self, loader: DataLoader[Any]) -> Generator[Any, None, None]:
        while True:
            self._begin_epoch()
            before = set(multiprocessing.active_children())
            with _expected_warnings():
                batches = iter(loader)
            self._processes += [
                one for one in multiprocessing.active_children() if one not in before
            ]
            while True:
                # Only the loader's errors are told as such, not those of whoever takes a batch.
                try:
                    batch = next(batches)
                except StopIteration:
                    break
                except RuntimeError as error:
                    raise _loader_failed(error) from error
                yield batch

    def _rest(self) -> None:
        """Wait until the processes are as far ahead as they go, so that they disturb nobody."""
        deadline = time.perf_counter() + REST_S
        used_s = -1.0
        while self._processes and time.perf_counter() < deadline:
            now_s = sum(_processor_s(process.pid) for process in self._processes)
            if now_s == used_s:
                return
            used_s = now_s
            time.sleep(POLL_S)


def _loader_failed(error: RuntimeError) -> TrainingError:
    # Batches come through a socket in the temporary folder. Where its path is too long for one,
    # a loader process prints that on its standard error, and no batch ever comes.
    return TrainingError(
        f"the plain loop's loader processes failed ({str(error).strip().splitlines()[0][:120]})",
        "Set TMPDIR to a folder with a short path and free space, such as /tmp, then start again",
    )


def _processor_s(number: int) -> float:
    """Processor time that a process has used; 0 where it is gone."""
    with contextlib.suppress(psutil.Error):
        times = psutil.Process(number).cpu_times()
        return float(times.user + times.system)
    return 0.0


@contextlib.contextmanager
def _expected_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        for words in _EXPECTED_WARNINGS:
            warnings.filterwarnings("ignore", message=words)
        yield
