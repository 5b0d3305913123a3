"""Makes the reference runs that come with the studio from whole runs of the report's presets.

    .venv/bin/python packaging/reference_runs.py RUN_FOLDER... [--out resources/reference_runs]

Of each run it takes the settings, the figures of the epochs (six digits) and what it ran on; the
checkpoints, answers and places on that machine's disk stay behind. A reference run of the same
preset is replaced. One that ended early is taken too, and says so.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from msgspec.structs import asdict, replace

from cifar_studio.config.study import repeated_preset, shortened_by
from cifar_studio.errors import BadInputError, StudioError
from cifar_studio.runs.folder.epochs import EpochRow
from cifar_studio.runs.folder.library import Run, load
from cifar_studio.runs.folder.run_folder import Notes, RunFolder, Status
from cifar_studio.runs.reference_runs import reference_folder
from cifar_studio.runs.wording import network

DIGITS = 6


def make(run: Run, parent: Path) -> Path:
    """Write the reference run of one run; raises BadInputError where it can be none."""
    preset, environment = repeated_preset(run.config), run.environment
    if preset is None or shortened_by(run.config):
        raise BadInputError(f"{run.path} is no whole report preset", "Give a run of one")
    if environment is None or not environment.data.complete or environment.data.is_demo:
        raise BadInputError(f"{run.path} did not see complete CIFAR-100", "Give a run that did")
    if run.damage or not run.rows:
        raise BadInputError(f"{run.path} is not whole", "Mend it first")
    folder = RunFolder(parent / preset.name)
    shutil.rmtree(folder.path, ignore_errors=True)
    folder.path.mkdir(parents=True)
    folder.write_config(run.config)
    data = replace(environment.data, source="")
    folder.write_environment(replace(environment, data=data, command=[]))
    epochs, last = run.config.epochs, run.rows[-1].epoch
    is_whole = last >= epochs
    best = run.best
    folder.write_status(
        Status(
            state="finished" if is_whole else "stopped",
            message="" if is_whole else f"Cut short after {last} of {epochs} epochs",
            epoch=last,
            epochs=epochs,
            best_epoch=best.epoch if best is not None else 0,
            started=run.status.started,
            updated=run.status.updated,
        )
    )
    folder.write_notes(Notes(name=f"Reference: {network(run.config)}", notes=run.notes.notes))
    for row in run.rows:
        folder.append_epoch(_rounded(row))
    return folder.path


def _rounded(row: EpochRow) -> EpochRow:
    values = asdict(row)
    short = {
        key: float(f"{value:.{DIGITS}g}") for key, value in values.items() if type(value) is float
    }
    return replace(row, **short)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN_FOLDER")
    parser.add_argument("--out", type=Path, default=reference_folder())
    arguments = parser.parse_args()
    try:
        for path in arguments.runs:
            print(make(load(path), arguments.out))
    except StudioError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
