"""Checkpoint files: whole or refused."""

from __future__ import annotations

import random
import zipfile
from pathlib import Path

import pytest
import torch

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.engine.checkpoints import checkpoint as checkpoints
from cifar_studio.engine.checkpoints.checkpoint import Checkpoint, check_fits, check_same_run
from cifar_studio.engine.networks.models import build
from cifar_studio.errors import BadInputError, RunFolderError
from cifar_studio.runs.folder.environment import ResolvedSettings
from cifar_studio.runs.folder.epochs import EpochRow

RESOLVED = ResolvedSettings(
    device="cpu", threads=2, memory_format="contiguous", precision="float32", specialized=False
)
ROW = EpochRow(
    epoch=1,
    learning_rate=0.1,
    train_loss=1 / 3,
    train_top1=2 / 3,
    test_loss=None,
    test_top1=1.0,
    test_top5=5.0,
    train_seconds=0.1,
    eval_seconds=0.2,
    images_per_second=1e3,
    peak_memory_mib=77.7,
)


def small() -> Checkpoint:
    """A checkpoint with all its parts, of a network that is not there."""
    return Checkpoint(
        config=TrainConfig(seed=2**63 - 1),
        resolved=RESOLVED,
        network={"fc.weight": torch.arange(40.0).view(4, 10), "steps": torch.tensor(3)},
        optimizer={"state": {0: {"momentum_buffer": torch.ones(4, 10)}}, "param_groups": []},
        scaler={},
        random={"cpu": torch.get_rng_state()},
        epochs_done=1,
        batch=2,
        batches=torch.tensor([[1.5, 2.5], [1.0, 0.0]]),
        rows=(ROW,),
        train_seconds=1 / 3,
    )


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "last.pt"
    checkpoints.save(path, small())
    return path


def test_that_a_checkpoint_comes_back_as_it_was(saved: Path) -> None:
    before, after = small(), checkpoints.load(saved)
    assert after.config == before.config
    assert after.resolved == before.resolved
    assert after.rows == before.rows
    assert after.train_seconds == before.train_seconds
    assert (after.epochs_done, after.batch) == (1, 2)
    assert torch.equal(after.batches, before.batches)
    assert torch.equal(after.random["cpu"], before.random["cpu"])
    assert list(after.network) == list(before.network)
    assert torch.equal(after.network["fc.weight"], before.network["fc.weight"])
    assert torch.equal(after.optimizer["state"][0]["momentum_buffer"], torch.ones(4, 10))


def test_that_plain_torch_and_zip_readers_take_the_file(saved: Path) -> None:
    contents = torch.load(saved, weights_only=True)
    assert torch.equal(contents["network"]["fc.weight"], small().network["fc.weight"])
    with zipfile.ZipFile(saved) as archive:
        assert archive.testzip() is None
        assert archive.comment.startswith(b"cifar-studio sha256 ")


def test_that_a_flipped_bit_in_any_byte_is_found(saved: Path) -> None:
    whole = saved.read_bytes()
    bits = random.Random(0)
    for offset in [*range(0, len(whole) - 300, 11), *range(len(whole) - 300, len(whole))]:
        damaged = bytearray(whole)
        damaged[offset] ^= 1 << bits.randrange(8)
        saved.write_bytes(damaged)
        with pytest.raises(RunFolderError, match="checksum does not match"):
            checkpoints.load(saved)


def test_that_a_cut_or_lengthened_file_is_refused(saved: Path) -> None:
    whole = saved.read_bytes()
    for damaged in (
        b"",
        whole[:1],
        whole[:100],
        whole[: len(whole) // 2],
        whole[:-1],
        whole + b"x",
    ):
        saved.write_bytes(damaged)
        with pytest.raises(RunFolderError, match=r"is damaged.* Take another checkpoint"):
            checkpoints.load(saved)


def test_that_a_plain_torch_file_is_refused(tmp_path: Path) -> None:
    torch.save({"weights": torch.ones(3)}, tmp_path / "other.pt")
    with pytest.raises(RunFolderError, match="checksum"):
        checkpoints.load(tmp_path / "other.pt")


def test_that_a_missing_file_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="cannot be read"):
        checkpoints.load(tmp_path / "last.pt")


def test_that_a_failed_write_leaves_the_old_file(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = saved.read_bytes()

    def refuse(contents: object, file: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", refuse)
    with pytest.raises(OSError, match="No space"):
        checkpoints.save(saved, small())
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir() if path.is_file()] == ["last.pt"]


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("network", lambda parts: parts.pop("fc.bias"), "fc.bias does not fit resnet18"),
        ("network", lambda parts: parts.update(extra=torch.ones(1)), "extra does not fit"),
        ("network", lambda parts: parts.update({"fc.bias": torch.ones(99)}), "fc.bias does not"),
        (
            "network",
            lambda parts: parts.update({"fc.bias": torch.ones(100, dtype=torch.float16)}),
            "fc.bias does not",
        ),
        (
            "optimizer",
            lambda parts: parts["state"].update({0: {"momentum_buffer": torch.ones(1)}}),
            "momentum of conv1.weight does not fit",
        ),
    ],
)
def test_that_weights_of_another_network_are_refused(
    name: str, change: object, message: str
) -> None:
    with torch.device("meta"):
        network = build("resnet18")
    parts = {
        **vars(small()),
        "network": dict(network.state_dict()),
        "optimizer": {"state": {}, "param_groups": []},
    }
    check_fits(Checkpoint(**parts), network)
    change(parts[name])  # type: ignore[operator]
    with pytest.raises(RunFolderError, match=message):
        check_fits(Checkpoint(**parts), network)


def test_that_only_length_and_device_may_change_on_a_resume() -> None:
    config = small().config
    check_same_run(small(), TrainConfig(seed=config.seed, epochs=99, device="cpu"))
    with pytest.raises(BadInputError, match="another batch_size, learning_rate"):
        check_same_run(small(), TrainConfig(seed=config.seed, batch_size=7, learning_rate=1.0))
