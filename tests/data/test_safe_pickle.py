"""No pickle runs anything, whatever it says."""

from __future__ import annotations

import builtins
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from cifar_studio.data.cifar100.decode import UnsafePickleError, load_pickle
from data.copies import PYTHON_FILES

PUBLISHED_STYLE = (
    b"\x80\x02}q\x01U\x04dataq\x02cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04"
    b"K\x00\x85U\x01b\x87Rq\x05(K\x01K\x02K\x03\x86cnumpy\ndtype\nq\x06U\x02u1K\x00K\x01\x87Rq\x07"
    b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x06\x01\x02\x03\x04\x05\x06tbs."
)


class Calls:
    """An object whose pickle calls a function when it is read."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[object, ...]:
        return self.call


def test_that_an_array_as_python_2_wrote_it_is_read() -> None:
    array = load_pickle(PUBLISHED_STYLE)[b"data"]
    assert array.dtype == np.uint8
    assert array.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert not array.flags.writeable


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_that_bytes_text_numbers_and_arrays_are_read(protocol: int) -> None:
    value = {b"data": np.arange(6, dtype=np.uint8).reshape(2, 3), "n": [1, 255, 70000], b"x": b"y"}
    read = load_pickle(pickle.dumps(value, protocol))
    assert np.array_equal(read.pop(b"data"), value.pop(b"data"))  # type: ignore[arg-type]
    assert read == value


@pytest.mark.parametrize(
    "evil",
    [
        Calls(os.system, "touch ran"),
        Calls(eval, "open('ran', 'w')"),
        Calls(exec, "open('ran', 'w')"),
        Calls(builtins.open, "ran", "w"),
        Calls(np.load, "ran"),
        Calls(pickle.loads, pickle.dumps(Calls(os.mkdir, "ran"))),
        np.array([Calls(os.mkdir, "ran")], dtype=object),
        Path("x"),
        {1, 2},
    ],
    ids=lambda evil: getattr(getattr(evil, "call", [type(evil)])[0], "__name__", "odd"),
)
@pytest.mark.parametrize(
    "wrap",
    [lambda e: e, lambda e: {b"data": e}, lambda e: [[(e,)]]],
    ids=["bare", "in a dict", "deep"],
)
@pytest.mark.parametrize("protocol", [0, 2])
def test_that_what_is_no_plain_array_is_refused_and_not_run(
    evil: object, wrap: object, protocol: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.iterdir())
    with pytest.raises(UnsafePickleError):
        load_pickle(pickle.dumps(wrap(evil), protocol))  # type: ignore[operator]
    assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b".",
        b"\x80\x02.",
        b"cos\nsystem\n(S'touch ran'\ntR.",
        b"\x80\x02cos\nsystem\n.",
        b"(S'touch ran'\nios\nsystem\n.",  # INST
        b"\x80\x02U\x01xQ.",  # a persistent id
        b"Px\n.",
        b"\x80\x02\x82\x01.",  # an extension
        b"\x80\x02K\x01.",
        PUBLISHED_STYLE.replace(b"K\x02K\x03\x86", b"K\x02K\x04\x86"),
    ],
)
def test_that_a_crafted_stream_is_refused(data: bytes) -> None:
    with pytest.raises(UnsafePickleError):
        load_pickle(data)


def test_that_every_cut_of_a_file_is_refused() -> None:
    data = PYTHON_FILES["meta"]
    for length in range(len(data)):
        with pytest.raises(UnsafePickleError):
            load_pickle(data[:length])
