"""`evaluation.npz` of full size: every damage is found, and no stranger's file fills the memory."""

from __future__ import annotations

import io
import random
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from cifar_studio import sealed
from cifar_studio.errors import RunFolderError
from cifar_studio.runs.folder.evaluation import (
    Evaluation,
    load_evaluation,
    save_evaluation,
)
from support import make_evaluation

PAGE = 4096


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of an evaluation with all test pictures of CIFAR-100."""
    path = tmp_path_factory.mktemp("whole") / "evaluation.npz"
    save_evaluation(path, make_evaluation(10_000))
    return path.read_bytes()


def test_that_a_complete_evaluation_fits_the_limit(whole: bytes) -> None:
    assert 2 * 2**20 < len(whole) < 4 * 2**20


def test_that_a_flip_at_every_page_and_anywhere_is_found(whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "evaluation.npz"
    generator = random.Random(0)
    places = [*range(0, len(whole), PAGE), *(generator.randrange(len(whole)) for _ in range(300))]
    path.write_bytes(whole)
    with path.open("r+b") as file:
        for place in places:
            file.seek(place)
            file.write(bytes([whole[place] ^ 1 << generator.randrange(8)]))
            file.flush()
            with pytest.raises(RunFolderError, match="its checksum does not match"):
                load_evaluation(path)
            file.seek(place)
            file.write(whole[place : place + 1])
    assert load_evaluation(path).epoch == 7


def test_that_a_file_cut_off_at_every_page_is_refused(whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "evaluation.npz"
    path.write_bytes(whole)
    with path.open("r+b") as file:
        for length in range(len(whole) - len(whole) % PAGE, -1, -PAGE):
            file.truncate(length)
            with pytest.raises(RunFolderError, match="is damaged"):
                load_evaluation(path)


@pytest.mark.parametrize("length", [1, PAGE, 100 * PAGE])
def test_that_pages_of_zeros_as_a_power_cut_leaves_are_found(
    length: int, whole: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "evaluation.npz"
    path.write_bytes(whole[:PAGE] + bytes(length) + whole[PAGE + length :])
    with pytest.raises(RunFolderError, match="its checksum does not match"):
        load_evaluation(path)


def test_that_plain_numbers_and_columns_first_are_kept_as_the_type_says(tmp_path: Path) -> None:
    """On some systems NumPy makes 32 bits of a plain number."""
    path = tmp_path / "evaluation.npz"
    evaluation = make_evaluation(50)
    odd = {
        **vars(evaluation),
        "epoch": np.int32(7),
        "confusion": evaluation.confusion.astype(np.int32),
        "top5": np.asfortranarray(evaluation.top5),
    }
    save_evaluation(path, Evaluation(**odd))
    loaded = load_evaluation(path)
    assert loaded.epoch == 7
    np.testing.assert_array_equal(loaded.top5, evaluation.top5)


def seal_members(path: Path, members: dict[str, bytes], kind: int = zipfile.ZIP_STORED) -> None:
    """A zip that a stranger sealed, which is no secret art."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", kind) as archive:
        for name, contents in members.items():
            archive.writestr(name, contents)
    data = buffer.getvalue()
    sealed.write(path, lambda file: put(file, data))


def array_bytes(array: np.ndarray, shape: tuple[int, ...] | None = None) -> bytes:
    """An array as NumPy writes it, with a header that claims another shape."""
    buffer = io.BytesIO()
    facts = {"descr": array.dtype.str, "fortran_order": False, "shape": shape or array.shape}
    np.lib.format.write_array_header_1_0(buffer, facts)
    return buffer.getvalue() + array.tobytes()


def members_of(evaluation: Evaluation) -> dict[str, bytes]:
    return {f"{name}.npy": array_bytes(np.asarray(v)) for name, v in vars(evaluation).items()}


@pytest.mark.parametrize("name", ["true", "predicted", "top5", "probabilities", "confusion"])
def test_that_no_room_is_made_for_what_a_header_only_claims(name: str, tmp_path: Path) -> None:
    path = tmp_path / "evaluation.npz"
    members = members_of(make_evaluation(50))
    seal_members(path, members)
    load_evaluation(path)
    for shape in ((2**40,), (2**33, 100), (50, 2**31)):
        array = np.asarray(getattr(make_evaluation(50), name))
        seal_members(path, members | {f"{name}.npy": array_bytes(array, shape)})
        assert peak_of_refusal(path) < 4 * 2**20


def test_that_what_unpacks_to_gigabytes_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.npz"
    members = members_of(make_evaluation(50)) | {"true.npy": bytes(200 * 2**20)}
    seal_members(path, members, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 2**20
    assert peak_of_refusal(path) < 4 * 2**20


@pytest.mark.parametrize("indices", [[-1] * 50, [10_000] * 50])
def test_that_pictures_that_are_not_there_are_refused(indices: list[int], tmp_path: Path) -> None:
    path = tmp_path / "evaluation.npz"
    array = np.array(indices, dtype=np.int32)
    seal_members(path, members_of(make_evaluation(50)) | {"indices.npy": array_bytes(array)})
    with pytest.raises(RunFolderError, match="there is no such picture"):
        load_evaluation(path)


@pytest.mark.parametrize("name", ["true", "epoch"])
def test_that_an_array_that_is_not_there_is_a_damage(name: str, tmp_path: Path) -> None:
    path = tmp_path / "evaluation.npz"
    members = members_of(make_evaluation(50))
    del members[f"{name}.npy"]
    seal_members(path, members)
    with pytest.raises(RunFolderError, match="is damaged"):
        load_evaluation(path)


def test_that_a_zip_with_tens_of_thousands_of_members_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.npz"
    seal_members(path, {f"{number}": b"" for number in range(45_000)})
    with pytest.raises(RunFolderError, match="is damaged"):
        load_evaluation(path)


def test_that_it_is_damaged_is_said_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.npz"
    path.write_bytes(b"\n\n")
    with pytest.raises(RunFolderError) as caught:
        load_evaluation(path)
    assert str(caught.value) == (
        f"{path} is damaged (its checksum does not match). Evaluate the run again."
    )


def peak_of_refusal(path: Path) -> int:
    """Bytes that were held at most while the file was refused."""
    tracemalloc.start()
    try:
        with pytest.raises(RunFolderError, match="is damaged"):
            load_evaluation(path)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def put(file: object, data: bytes) -> None:
    file.write(data)  # type: ignore[attr-defined]
