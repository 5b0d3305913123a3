"""Whether files are the published ones, by size, md5 and sha256, before anything reads them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from cifar_studio.data.cifar100.edition import Edition, Member


@dataclass(frozen=True)
class MemberCheck:
    """What became of one file.

    Attributes
    ----------
    name : str
    size_bytes : int or None
        None where the file is missing. A file that is too long is not read to its end: the size
        is then only known to be more than the published one.
    size_ok, md5_ok, sha256_ok : bool or None
        None where there is nothing to compare: the publisher gives no sums of the binary version.
    """

    name: str
    size_bytes: int | None
    size_ok: bool | None
    md5_ok: bool | None
    sha256_ok: bool | None

    @property
    def whole(self) -> bool:
        return self.size_bytes is not None and False not in (
            self.size_ok,
            self.md5_ok,
            self.sha256_ok,
        )

    @property
    def fault(self) -> str:
        """What is wrong in a few words; empty where nothing is."""
        if self.whole:
            return ""
        if self.size_bytes is None:
            return "missing"
        return "wrong sum" if self.size_ok else "wrong size"


def judge_members(edition: Edition, files: Mapping[str, bytes]) -> tuple[MemberCheck, ...]:
    """Compare the three files of the python version with the published sums."""
    with ThreadPoolExecutor() as pool:  # hashing lets go of the interpreter's lock
        return tuple(pool.map(lambda member: _judge(member, files, pool), edition.members))


def _judge(member: Member, files: Mapping[str, bytes], pool: ThreadPoolExecutor) -> MemberCheck:
    data = files.get(member.name)
    if data is None:
        return MemberCheck(member.name, None, None, None, None)
    if len(data) != member.size_bytes:
        return MemberCheck(member.name, len(data), False, False, False)
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest() == member.md5
    sha256 = hashlib.sha256(data).hexdigest() == member.sha256
    return MemberCheck(member.name, len(data), True, md5, sha256)
