"""The answers of `cifar-studio data where` and `data check`, as text and as JSON."""

from __future__ import annotations

from cifar_studio.data.cifar100.places import OPTION, Place, places
from cifar_studio.data.cifar100.published_files import MemberCheck
from cifar_studio.data.cifar100.verify import CheckReport, check
from cifar_studio.plain_text import plain, printable
from cifar_studio.terminal import as_json


def places_as_text() -> str:
    """One line a place, in the order they are looked at; an arrow marks the one that is taken."""
    listed = places()
    lines = ["CIFAR-100 is looked for in this order:"]
    lines += [_place_as_line(place) for place in listed]
    if any(place.taken for place in listed):
        lines.append("The place marked > is used; `cifar-studio data check` reads and checks it.")
    elif listed[0].path is not None:
        lines.append("CIFAR100_ROOT names nothing usable: correct it or unset it.")
    else:
        lines.append(
            "It is nowhere yet: fetch it with `cifar-studio data fetch`, name a copy with --data "
            "FOLDER, or train on drawn shapes with --data demo."
        )
    return "\n".join(lines)


def places_as_json() -> str:
    """A list of objects: found_by, path, kind, location, taken; null for what is not there."""
    return as_json(
        [
            {
                "found_by": place.found_by,
                "path": None if place.path is None else plain(str(place.path)),
                "kind": None if place.location is None else place.location.kind,
                "location": (None if place.location is None else plain(str(place.location.path))),
                "taken": place.taken,
            }
            for place in places()
        ],
        indent=2,
    )


def check_place(place: str | None, *, json: bool) -> tuple[str, bool]:
    """Check the copy at `place`, or the one in use; the report, and whether the copy is whole.

    Raises
    ------
    DataError
        Nothing stands there.
    """
    report = check(place)
    return (_report_as_json(report) if json else _report_as_text(report)), report.whole


def _place_as_line(place: Place) -> str:
    mark = ">" if place.taken else " "
    if place.path is None:
        return f"{mark} {place.found_by}: not set"
    words = f"{place.found_by} {place.path}: "
    if place.location is None:
        return f"{mark} {printable(words)}nothing"
    inside = "" if place.location.path == place.path else f" {place.location.path.name}"
    return f"{mark} {printable(words + place.location.kind + inside)}"


def _report_as_text(report: CheckReport) -> str:
    found_by = "" if report.found_by == OPTION else f" ({report.found_by})"
    lines = [printable(f"{report.path}{found_by}: {report.what}")]
    if report.members:
        width = max(len(member.name) for member in report.members)
        lines += [_member_as_line(member, width) for member in report.members]
    last = f"{report.verdict}." + (f" {report.remedy}." if report.remedy else "")
    lines.append(printable(last))
    return "\n".join(lines)


def _member_as_line(member: MemberCheck, width: int) -> str:
    if member.size_bytes is None:
        return f"  {member.name:{width}}  missing"
    line = f"  {member.name:{width}}  {member.size_bytes:>11,} bytes"
    if member.size_ok is None:
        return f"{line}   no published sums"
    if not member.size_ok:
        return f"{line}   size WRONG"
    return f"{line}   md5 {_word(member.md5_ok)}   sha256 {_word(member.sha256_ok)}"


def _word(right: bool | None) -> str:
    return "right" if right else "WRONG"


def _report_as_json(report: CheckReport) -> str:
    return as_json(
        {
            "path": plain(report.path),
            "what": report.what,
            "found_by": report.found_by,
            "members": [
                {
                    "name": member.name,
                    "bytes": member.size_bytes,
                    "size_ok": member.size_ok,
                    "md5_ok": member.md5_ok,
                    "sha256_ok": member.sha256_ok,
                }
                for member in report.members
            ],
            "verdict": report.verdict,
            "remedy": report.remedy,
            "whole": report.whole,
        },
        indent=2,
    )
