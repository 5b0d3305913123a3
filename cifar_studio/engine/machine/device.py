"""What this machine can compute with, and what a run takes of it.

Everything chosen by looking at the machine is chosen here, once a run: each of these choices
changes the last bits of the results, so they are recorded and taken again on a resume.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

import psutil
import torch
from torch.nn import functional

from cifar_studio.config.architectures import can_be_specialized
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.engine.machine.processor import processor_name
from cifar_studio.errors import BadInputError, ConfigError
from cifar_studio.runs.folder.environment import (
    Choice,
    MemoryFormat,
    ResolvedPrecision,
    ResolvedSettings,
)
from cifar_studio.runs.folder.events import DeviceInfo

MIB = 2**20
_MEMORY_FORMATS = set(get_args(MemoryFormat))
_PRECISIONS = set(get_args(ResolvedPrecision))


def list_devices() -> tuple[DeviceInfo, ...]:
    """Every device that torch can use here; the first is what "auto" takes."""
    return (*_cuda_devices(), *_mps_devices(), _cpu_device())


def warm_up() -> None:
    """Have the slow first things of torch done before a person waits for them."""
    import torchvision  # noqa: F401, a second or more the first time

    functional.conv2d(torch.zeros(2, 3, 8, 8), torch.zeros(4, 3, 3, 3))


def is_usable(recorded: ResolvedSettings) -> bool:
    """Whether a run that was started with these settings can go on with them here.

    Its device and as many processors are here, and the values are ones that the studio writes.
    """
    return (
        recorded.device in {device.name for device in list_devices()}
        and 1 <= recorded.threads <= max(1, _processors())
        and recorded.memory_format in _MEMORY_FORMATS
        and recorded.precision in _PRECISIONS
        and not (recorded.precision == "float16" and recorded.device == "cpu")
    )


def resolve(config: TrainConfig, choice: Choice | None = None) -> ResolvedSettings:
    """The machine's settings for a new run.

    `choice` is what was found to be fastest (`speed/fastest_format.py`); its precision counts where
    the config leaves that open. Without it float32, with channels last but on Apple's GPUs.

    Raises
    ------
    BadInputError
        The device that the config asks for is not here; the remedy names those that are.
    ConfigError
        float16 without a GPU.
    """
    available = tuple(device.name for device in list_devices())
    device = _resolve_device(config.device, available)
    if choice is None:
        choice = Choice("contiguous" if device == "mps" else "channels_last", "float32")
    precision = choice.precision if config.precision == "auto" else config.precision
    if precision == "float16" and device == "cpu":
        raise ConfigError(
            (("precision", "float16 needs a GPU, and the device is cpu; use float32 or bfloat16"),)
        )
    return ResolvedSettings(
        device=device,
        threads=max(1, min(torch.get_num_threads(), _processors())),
        memory_format=choice.memory_format,
        precision=precision,
        specialized=config.specialize and can_be_specialized(config.architecture, config.stem),
    )


@contextmanager
def numerics(resolved: ResolvedSettings, deterministic: bool) -> Iterator[None]:
    """Torch's process-wide settings for a run; as they were before once it ends.

    The threads, whether algorithms must be deterministic, and whether cuDNN may try several.
    """
    threads = torch.get_num_threads()
    strict = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    benchmark = torch.backends.cudnn.benchmark
    if deterministic:
        # cuBLAS reads it when its first handle is made, which is after this line in a worker.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(resolved.threads)
    # A few GPU operations have no deterministic form (such as the backward pass of vgg11's
    # pooling): torch then warns and goes on.
    torch.use_deterministic_algorithms(deterministic, warn_only=True)
    torch.backends.cudnn.benchmark = not deterministic
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(strict, warn_only=warn_only)
        torch.backends.cudnn.benchmark = benchmark


def memory_format(resolved: ResolvedSettings) -> torch.memory_format:
    """The torch constant of the resolved name."""
    if resolved.memory_format == "channels_last":
        return torch.channels_last
    return torch.contiguous_format


def peak_memory_mib(device: torch.device) -> float:
    """The most memory so far: of the device (CUDA), of the process (CPU); MPS tells the present."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / MIB
    if device.type == "mps":
        return torch.mps.driver_allocated_memory() / MIB
    return _peak_resident_bytes() / MIB


def _resolve_device(asked: str, available: tuple[str, ...]) -> str:
    if asked == "auto":
        return available[0]
    name = "cuda:0" if asked == "cuda" else asked
    if name not in available:
        raise BadInputError(
            f"there is no device {asked} on this computer",
            f"Use one of {', '.join(available)}, or device=auto",
            "device_lost",
        )
    return name


def _cuda_devices() -> tuple[DeviceInfo, ...]:
    if not torch.cuda.is_available():
        return ()
    return tuple(
        DeviceInfo(name=f"cuda:{index}", title=facts.name, memory_mib=facts.total_memory // MIB)
        for index in range(torch.cuda.device_count())
        if _has_kernels(facts := torch.cuda.get_device_properties(index))
    )


def _has_kernels(facts: object) -> bool:
    """Whether this build of torch has code for a GPU; it lists also those that it cannot use."""
    major, minor = int(getattr(facts, "major", 0)), int(getattr(facts, "minor", 0))
    for name in torch.cuda.get_arch_list():
        kind, _, number = name.partition("_")
        digits = "".join(filter(str.isdigit, number))
        if len(digits) < 2:
            return True  # another vendor's naming: trust torch
        its_major, its_minor = int(digits[:-1]), int(digits[-1])
        if kind == "sm" and its_major == major and its_minor <= minor:
            return True
        if kind == "compute" and (its_major, its_minor) <= (major, minor):
            return True
    return False


def _mps_devices() -> tuple[DeviceInfo, ...]:
    if not torch.backends.mps.is_available():
        return ()
    memory = torch.mps.recommended_max_memory() // MIB
    return (DeviceInfo(name="mps", title="Apple GPU", memory_mib=memory),)


def _cpu_device() -> DeviceInfo:
    memory = psutil.virtual_memory().total // MIB
    return DeviceInfo(name="cpu", title=processor_name(), memory_mib=memory)


def _processors() -> int:
    """Processors that this process may use: the scheduler's and the container's word."""
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows
        count = os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        return min(count, max(1, round(int(quota) / int(period))))
    except (OSError, ValueError):  # no such limit
        return count


def _peak_resident_bytes() -> int:
    try:
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    info = psutil.Process().memory_info()
    if hasattr(info, "peak_wset"):  # Windows
        return int(info.peak_wset)
    try:
        import resource
    except ImportError:
        return int(info.rss)
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)  # bytes on macOS
