"""What a checkpoint's file may hold: it may be a stranger's, and torch reads it only after this."""

from __future__ import annotations

import pickletools
import zipfile
from typing import BinaryIO

import torch
from torch import Tensor

MAX_BYTES = 2 * 2**30  # twice a vgg11_bn with its momentum, the largest there is
MAX_PICKLE_BYTES = 4 * 2**20
_NAMING = {"GLOBAL", "STACK_GLOBAL", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "EXT1", "EXT2", "EXT4"}
_NAMES = {
    "collections OrderedDict",
    "torch._utils _rebuild_tensor_v2",
    *(
        f"torch {kind}Storage"
        for kind in ("Float", "Double", "Half", "BFloat16", "Long", "Int", "Byte", "Bool")
    ),
}


def check_contents(file: BinaryIO) -> None:
    """Raise ValueError where the zip is no checkpoint's, or grows when it is read."""
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        if any(member.compress_type != zipfile.ZIP_STORED for member in members):
            raise ValueError("it is compressed")
        if sum(member.file_size for member in members) > MAX_BYTES:
            raise ValueError("it is larger than any checkpoint")
        for member in members:
            if member.filename.endswith("data.pkl"):
                if member.file_size > MAX_PICKLE_BYTES:
                    raise ValueError("its pickle is larger than any checkpoint's")
                _check_pickle(archive.read(member))
    file.seek(0)


def _check_pickle(data: bytes) -> None:
    """Raise ValueError where a pickle names anything but what a checkpoint is made of.

    torch itself lets some more pass, such as a bytearray of any length.
    """
    for operation, argument, _ in pickletools.genops(data):
        if operation.name in _NAMING and argument not in _NAMES:
            raise ValueError("its pickle names something else")


def plain_tensor(tensor: object) -> Tensor:
    """An ordinary tensor, every element of which is in the file: no view that repeats some."""
    if type(tensor) is not Tensor or tensor.layout is not torch.strided or tensor.is_quantized:
        raise TypeError("a tensor is of another kind")
    if tensor.device.type != "cpu":  # such as "meta", which has no contents
        raise TypeError("a tensor is of another kind")
    if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
        raise ValueError("a tensor is larger than its contents")
    return tensor
