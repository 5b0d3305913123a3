"""Checking a copy of the data set byte for byte, and saying what was found in words."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from cifar_studio.data.cache import picture_cache
from cifar_studio.data.cifar100.decode import decode
from cifar_studio.data.cifar100.edition import PUBLISHED, Edition, Member
from cifar_studio.data.cifar100.places import NOWHERE, Location, find_named, usual_locations
from cifar_studio.data.cifar100.published_files import (
    Contents,
    MemberCheck,
    judge_members,
    read_contents,
)
from cifar_studio.data.dataset import digest_of
from cifar_studio.errors import DataError


@dataclass(frozen=True)
class CheckReport:
    """What a check found."""

    path: str
    what: str  # what it is, in words
    found_by: str  # see `places.Location`
    members: tuple[MemberCheck, ...]  # empty where the copy is too damaged to tell its files apart
    verdict: str  # one sentence
    remedy: str  # what to do; empty where all is well
    whole: bool  # whether every picture and label is as published


def check(place: str | None, edition: Edition = PUBLISHED) -> CheckReport:
    """Read the copy at `place`, or the one that is used where none is named, and compare it all.

    A damaged copy is no error: the report says so. Nothing is written, not even to the cache.

    Raises
    ------
    DataError
        Nothing stands there.
    """
    location = find_named(place, edition) or next(usual_locations(edition), None)
    if location is None:
        raise DataError(*NOWHERE)
    try:
        if location.kind == "cache":
            return _check_cache(location, edition)
        contents = read_contents(location.path, edition)
        if contents.layout.is_binary:
            return _check_binary(location, contents, edition)
        return _check_python(location, contents, edition)
    except DataError as error:
        return CheckReport(
            path=str(location.path),
            what="unreadable",
            found_by=location.found_by,
            members=(),
            verdict=error.fault,
            remedy=error.remedy,
            whole=False,
        )


def _check_python(location: Location, contents: Contents, edition: Edition) -> CheckReport:
    checks = judge_members(edition, contents.files)
    wrong = [f"{check.name} ({check.fault})" for check in checks if not check.whole]
    verdict = f"Not as published: {', '.join(wrong)}" if wrong else "Whole, byte for byte"
    return _report(location, _describe(location, edition), checks, verdict, whole=not wrong)


def _check_binary(location: Location, contents: Contents, edition: Edition) -> CheckReport:
    """There are no published sums of these files: what they hold is compared."""
    checks = tuple(
        MemberCheck(name, len(data), None, None, None) for name, data in contents.files.items()
    )
    what = _describe(location, edition, binary=True)
    try:
        decode(contents, edition, location.path)
    except DataError as error:
        return _report(location, what, checks, error.fault, whole=False)
    return _report(location, what, checks, "Whole: every picture and label is right", whole=True)


def _check_cache(location: Location, edition: Edition) -> CheckReport:
    dataset = picture_cache.open_kept(location.path, str(location.path))
    whole = dataset is not None and digest_of(dataset.train, dataset.test) == edition.digest
    verdict = "Whole: every picture and label is right" if whole else "Damaged"
    return _report(location, "decoded pictures, kept by the studio", (), verdict, whole=whole)


def _report(
    location: Location, what: str, members: tuple[MemberCheck, ...], verdict: str, *, whole: bool
) -> CheckReport:
    mend = "Delete that folder" if location.kind == "cache" else "Take another copy"
    return CheckReport(
        path=str(location.path),
        what=what,
        found_by=location.found_by,
        members=members,
        verdict=verdict,
        remedy="" if whole else f"{mend}, or fetch one with `cifar-studio data fetch`",
        whole=whole,
    )


def _describe(location: Location, edition: Edition, *, binary: bool = False) -> str:
    version = "the binary version" if binary else "the python version"
    if location.path.is_dir():
        return f"{version}, unpacked"
    if _is_published(location.path, edition.archive):
        return f"{version}, in the published archive"
    return f"{version}, in an archive that was packed otherwise than the published one"


def _is_published(path: Path, archive: Member) -> bool:
    if path.stat().st_size != archive.size_bytes:
        return False
    with path.open("rb") as file:
        total = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
    return total.hexdigest() == archive.md5
