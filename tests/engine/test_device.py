"""What a run takes of the machine, on this machine and on pretended ones."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from msgspec.structs import replace

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.engine.machine import device as devices
from cifar_studio.engine.machine.device import is_usable, list_devices, resolve
from cifar_studio.engine.machine.processor import operating_system, processor_name
from cifar_studio.errors import BadInputError, ConfigError
from cifar_studio.runs.folder.environment import Choice


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with two NVIDIA GPUs, the first too old for this build of torch."""
    facts = [
        SimpleNamespace(name="GeForce GTX 970", major=5, minor=2, total_memory=4 * 2**30),
        SimpleNamespace(name="NVIDIA T4", major=7, minor=5, total_memory=16 * 2**30),
    ]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: facts[index])
    monkeypatch.setattr(
        torch.cuda, "get_arch_list", lambda: ["sm_75", "sm_80", "sm_90a", "compute_90"]
    )


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.mark.usefixtures("no_gpu")
def test_that_a_computer_without_a_gpu_has_its_processor() -> None:
    (cpu,) = list_devices()
    assert cpu.name == "cpu"
    assert cpu.title == processor_name()
    assert cpu.memory_mib > 100
    resolved = resolve(TrainConfig())
    assert resolved.device == "cpu"
    assert resolved.precision == "float32"
    assert resolved.threads >= 1
    assert resolved.specialized
    assert not resolve(TrainConfig(specialize=False)).specialized
    assert not resolve(TrainConfig(stem="cifar")).specialized


@pytest.mark.usefixtures("two_gpus")
def test_that_auto_takes_the_first_gpu_that_torch_has_code_for() -> None:
    first, *_ = list_devices()
    assert (first.name, first.title, first.memory_mib) == ("cuda:1", "NVIDIA T4", 16 * 1024)
    assert resolve(TrainConfig()).device == "cuda:1"
    assert resolve(TrainConfig(device="cpu")).device == "cpu"
    assert resolve(TrainConfig(precision="float16")).memory_format == "channels_last"


@pytest.mark.usefixtures("no_gpu")
@pytest.mark.parametrize("name", ["cuda", "cuda:0", "cuda:7", "mps"])
def test_that_an_absent_device_is_refused_with_those_that_exist(name: str) -> None:
    with pytest.raises(BadInputError) as caught:
        resolve(TrainConfig(device=name))
    assert caught.value.fault == f"there is no device {name} on this computer"
    assert caught.value.remedy == "Use one of cpu, or device=auto"


@pytest.mark.usefixtures("no_gpu")
def test_that_float16_is_refused_where_auto_finds_no_gpu() -> None:
    with pytest.raises(ConfigError, match="precision: float16 needs a GPU"):
        resolve(TrainConfig(precision="float16"))


@pytest.mark.usefixtures("no_gpu")
def test_that_recorded_settings_are_usable_where_they_fit_and_make_sense() -> None:
    recorded = replace(resolve(TrainConfig()), threads=1, memory_format="channels_last")
    assert is_usable(recorded)
    for changes in (
        {"device": "cuda:0"},
        {"threads": 100_000},
        {"threads": 0},
        {"memory_format": "sideways"},
        {"precision": "float8"},
        {"precision": "float16"},
    ):
        assert not is_usable(replace(recorded, **changes)), changes


@pytest.mark.usefixtures("no_gpu")
def test_that_a_choice_is_taken_and_gives_way_to_what_the_config_says() -> None:
    choice = Choice("contiguous", "bfloat16")
    taken = resolve(TrainConfig(), choice)
    assert (taken.memory_format, taken.precision) == ("contiguous", "bfloat16")
    assert resolve(TrainConfig(precision="float32"), choice).precision == "float32"
    assert resolve(TrainConfig()).memory_format == "channels_last"


def test_that_processor_and_system_have_readable_names() -> None:
    for name in (processor_name(), operating_system()):
        assert len(name) > 2
        assert name == name.strip()


def test_that_the_peak_of_a_process_stays_when_its_memory_goes() -> None:
    cpu, slack_mib = torch.device("cpu"), 2  # Linux counts in batches for each thread
    block = torch.ones(64 * 2**20)
    peak = devices.peak_memory_mib(cpu)
    assert peak >= 256
    del block
    assert devices.peak_memory_mib(cpu) >= peak - slack_mib
