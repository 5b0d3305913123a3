"""Checkpoints that somebody made to do harm: refused in one line, and nothing of them is run."""

from __future__ import annotations

import io
import os
import pickle
import resource
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cifar_studio import sealed
from cifar_studio.config.serialization import to_json
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.engine.checkpoints import checkpoint as checkpoints
from cifar_studio.engine.machine.device import resolve
from cifar_studio.engine.training.training_state import TrainingState
from cifar_studio.errors import BadInputError, NewerVersionError, RunFolderError

CONFIG = TrainConfig(architecture="mobilenet_v2", batch_size=50)
PICTURES = 100
GIB = 2**30


@pytest.fixture(scope="module")
def good() -> dict[str, Any]:
    """The contents of a checkpoint that can be restored."""
    state = TrainingState(CONFIG, resolve(CONFIG), PICTURES, "0" * 64)
    images_BCHW, labels_B = torch.randn(8, 3, 32, 32), torch.arange(8)
    for batch in range(2):
        state.record.put(torch.tensor([batch]), *state.step(images_BCHW, labels_B))
    state.batch = 2
    file = io.BytesIO()
    checkpoint = state.to_checkpoint()
    contents = {
        "format": 1,
        **vars(checkpoint),
        "config": to_json(CONFIG).decode(),
        "resolved": '{"device":"cpu","threads":1,"memory_format":"contiguous",'
        '"precision":"float32","specialized":false}',
        "rows": torch.empty(0, 14, dtype=torch.float64),
    }
    torch.save(contents, file)
    file.seek(0)
    return torch.load(file, weights_only=True)  # type: ignore[no-any-return]


@pytest.fixture
def little_memory() -> Iterator[None]:
    """A gigabyte more than the process has now: whoever takes a bomb's word for its size fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    with Path("/proc/self/statm").open() as file:
        now = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + GIB, hard))
    yield
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def restore(path: Path) -> None:
    """What a resume does with a checkpoint."""
    checkpoint = checkpoints.load(path)
    checkpoints.check_same_run(checkpoint, CONFIG)
    TrainingState(CONFIG, resolve(CONFIG), PICTURES, "0" * 64).restore(checkpoint)


def write(path: Path, contents: object) -> Path:
    sealed.write(path, lambda file: torch.save(contents, file))
    return path


def test_that_the_untouched_one_is_taken(good: dict[str, Any], tmp_path: Path) -> None:
    with torch.random.fork_rng(devices=[]):
        restore(write(tmp_path / "last.pt", good))


class Harm:
    """Unpickled, it would leave a file behind."""

    def __init__(self, mark: Path) -> None:
        self._mark = mark

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return os.mkdir, (str(self._mark),)


def test_that_code_in_a_pickle_is_not_run(good: dict[str, Any], tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    for contents in (Harm(mark), {**good, "scaler": Harm(mark)}):
        with pytest.raises(RunFolderError, match="is no checkpoint of the studio"):
            restore(write(tmp_path / "last.pt", contents))
    plain = tmp_path / "plain.pt"
    with zipfile.ZipFile(plain, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Harm(mark)))
        archive.writestr("archive/version", "3\n")
    harmful = plain.read_bytes()
    sealed.write(plain, lambda file: _put(file, harmful))
    with pytest.raises(RunFolderError, match="is no checkpoint of the studio"):
        restore(plain)
    assert not mark.exists()


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize(
    "code",
    [
        b"\x80\x02cbuiltins\nbytearray\n(J\x00\x00\x00\x7ftR.",
        b"\x80\x02c__builtin__\nbytearray\n(J\x00\x00\x00\x7ftR.",
        b"\x80\x04\x8c\x08builtins\x8c\x09bytearray\x93J\x00\x00\x00\x7f\x85R.",
        b"\x80\x02(J\x00\x00\x00\x7fibuiltins\nbytearray\n.",
    ],
)
def test_that_names_that_no_checkpoint_holds_are_refused(code: bytes, tmp_path: Path) -> None:
    path = tmp_path / "last.pt"
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("archive/data.pkl", code)
        archive.writestr("archive/version", "3\n")
        archive.writestr("archive/byteorder", "little")
    sealed.write(path, lambda file: _put(file, zipped.getvalue()))
    with pytest.raises(RunFolderError, match="is no checkpoint of the studio") as caught:
        restore(path)
    assert "names something else" in str(caught.value.__cause__)


def _put(file: Any, data: bytes) -> None:
    file.write(data)


def nested(depth: int) -> object:
    """A list of lists that is small on disk and has 10 ** depth elements."""
    value: object = 0.0
    for _ in range(depth):
        value = [value] * 10
    return value


def huge(dtype: torch.dtype = torch.float64) -> torch.Tensor:
    """A tensor of a terabyte whose elements are all one and the same."""
    return torch.zeros(1, dtype=dtype).expand(2**20, 2**17)


def laughs() -> dict[int, object]:
    state: object = {"momentum_buffer": torch.zeros(1)}
    for _ in range(30):
        state = {0: state, 1: state}
    return {0: state}


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize(
    "changes",
    [
        {"rows": huge()},
        {"rows": torch.zeros(3, 14)},
        {"rows": torch.full((1, 14), float("nan"), dtype=torch.float64), "epochs_done": 1},
        {"rows": torch.zeros(1, 14, dtype=torch.complex64), "epochs_done": 1},
        {"rows": nested(9)},
        {"batches": huge(torch.float32)},
        {"batches": torch.zeros(2, 10**6), "batch": 10**6},
        {"batches": torch.zeros(2, 2, dtype=torch.int8).to_sparse()},
        {"batch": -2},
        {"batch": True},
        {"batch": 10**30},
        {"epochs_done": 10**18},
        {"epochs_done": "1"},
        {"train_seconds": "long"},
        {"train_seconds": nested(9)},
        {"optimizer": {"state": laughs(), "param_groups": []}},
        {"optimizer": {"state": nested(9), "param_groups": []}},
        {"optimizer": {}},
        {"optimizer": {"state": {"x": {"momentum_buffer": torch.zeros(1)}}}},
        {"optimizer": {"state": {0: {"momentum_buffer": huge(torch.float32)}}}},
        {"optimizer": {"state": {9999: {"momentum_buffer": torch.zeros(1)}}}},
        {"network": {}},
        {"network": nested(3)},
        {"network": {"features.0.0.weight": huge(torch.float32)}},
        {"network": {1: torch.zeros(1)}},
        {"network": {"features.0.0.weight": torch.zeros(1, device="meta")}},
        {"random": {}},
        {"random": {"cpu": torch.zeros(3, dtype=torch.uint8)}},
        {"random": {"cpu": torch.zeros(5056, dtype=torch.uint8)}},
        {"random": {"cpu": torch.zeros(5056)}},
        {"random": {"cpu": huge(torch.uint8)}},
        {"scaler": {"scale": nested(9)}},
        {"config": "{}"},
        {"config": '{"epochs": 1e400}'},
        {"config": "[" * 100_000},
        {"config": 7},
        {"resolved": "{}"},
        {"resolved": None},
        {"data_digest": 5},
        {"format": "new"},
    ],
    ids=lambda changes: " ".join(changes),
)
def test_that_parts_of_another_size_or_kind_are_refused(
    changes: dict[str, object], good: dict[str, Any], tmp_path: Path
) -> None:
    with torch.random.fork_rng(devices=[]), pytest.raises(BadInputError) as caught:
        restore(write(tmp_path / "last.pt", {**good, **changes}))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("contents", [None, 7, "text", [], torch.zeros(3), {}, {"format": 1}])
def test_that_something_else_altogether_is_refused(contents: object, tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="is no checkpoint of the studio"):
        restore(write(tmp_path / "last.pt", contents))


def test_that_a_checkpoint_of_a_later_version_is_told_as_such(
    good: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(NewerVersionError, match="Update CIFAR Studio"):
        restore(write(tmp_path / "last.pt", {**good, "format": 99}))


@pytest.mark.usefixtures("little_memory")
def test_that_a_compressed_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "last.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({}))
        with archive.open("archive/data/0", "w", force_zip64=True) as member:
            for _ in range(24):
                member.write(bytes(64 * 2**20))
    bomb = path.read_bytes()
    assert len(bomb) < 16 * 2**20
    sealed.write(path, lambda file: _put(file, bomb))
    with pytest.raises(RunFolderError, match="is no checkpoint of the studio"):
        restore(path)


@pytest.mark.usefixtures("little_memory")
def test_that_a_file_larger_than_any_checkpoint_is_refused_before_it_is_read(
    tmp_path: Path,
) -> None:
    path = tmp_path / "last.pt"
    with path.open("wb") as file:
        file.truncate(20 * GIB)  # takes no room on the disk
    with pytest.raises(RunFolderError, match="longer than any checkpoint"):
        checkpoints.load(path)


def test_that_what_is_no_ordinary_file_is_refused_at_once(tmp_path: Path) -> None:
    pipe = tmp_path / "last.pt"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero"), tmp_path):
        with pytest.raises(RunFolderError, match="cannot be read"):
            checkpoints.load(path)


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_that_any_value_in_any_place_is_refused_or_restored(
    data: st.DataObject, good: dict[str, Any], tmp_path: Path
) -> None:
    scalars = st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5),
        st.sampled_from([torch.zeros(2, 2), torch.zeros(0), torch.tensor(1, dtype=torch.uint8)]),
    )  # fmt: skip
    keys = st.one_of(st.text(max_size=5), st.integers(), st.sampled_from(["cpu", "state", 0]))
    values = st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
        max_leaves=6,
    )
    changes = data.draw(st.dictionaries(st.sampled_from(sorted(good)), values, min_size=1))
    path = write(tmp_path / "last.pt", {**good, **changes})
    with torch.random.fork_rng(devices=[]):
        try:
            restore(path)
        except BadInputError:
            return
        assert replace(checkpoints.load(path).config, epochs=1) == replace(CONFIG, epochs=1)
