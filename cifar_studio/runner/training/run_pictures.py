"""The pictures that a run was trained on, found again."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath

from cifar_studio.data.cifar100.source import load_dataset
from cifar_studio.data.dataset import DEMO, Dataset
from cifar_studio.errors import RunFolderError, StudioError
from cifar_studio.runs.folder.environment import DataFacts


def find_pictures(
    run_name: str, facts: DataFacts | None, requested: str = "auto", *, digest: str = ""
) -> Dataset:
    """The data set of a run, of which its folder tells `facts`.

    Parameters
    ----------
    requested : str
        A folder, an archive or "demo"; "auto" looks where the studio always looks, then where the
        run found them.
    digest : str
        Of pictures and labels, where it is known from elsewhere than the facts.

    Raises
    ------
    RunFolderError
        They are nowhere, or what stands there are other pictures.
    DataError
        What was requested cannot be read.
    """
    digest = digest or (facts.digest if facts is not None else "")
    places = [requested]
    if requested == "auto":
        places = [DEMO, "auto"] if facts is not None and facts.is_demo else ["auto", DEMO]
        if facts is not None and _is_local_folder(facts.source):
            places.append(facts.source)
    fault: StudioError | None = None
    for place in places:
        try:
            dataset = load_dataset(place)
        except StudioError as error:
            fault = fault or error
            continue
        if not digest or dataset.digest == digest:
            return dataset
    if fault is not None and requested != "auto":
        raise fault
    name = facts.name if facts is not None else "other pictures"
    raise RunFolderError(
        f"the pictures that {run_name} was trained on ({name}) are not found",
        "Give the same data with --data, or fetch it with `cifar-studio data fetch`",
    )


def _is_local_folder(source: str) -> bool:
    """Whether a recorded place may be looked at: never one that another computer is asked for."""
    drive = PureWindowsPath(source.replace("/", "\\")).drive
    return not drive.startswith("\\\\") and Path(source).is_absolute()
