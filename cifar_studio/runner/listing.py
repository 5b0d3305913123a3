"""The library of runs as lines and as JSON."""

from __future__ import annotations

from pathlib import Path

import msgspec

from cifar_studio.runs.library import Run, list_runs


def list_as_text(folder: Path) -> str:
    """One run a line, newest first, in columns."""
    runs = list_runs(folder)
    if not runs:
        return f"no runs in {folder}"
    rows = [_words(run) for run in runs]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def list_as_json(folder: Path) -> str:
    """A list of objects: folder, name, config, data, state, epochs, best."""
    return msgspec.json.encode([_object(run) for run in list_runs(folder)]).decode()


def _words(run: Run) -> list[str]:
    best = run.best
    figure = f"top-1 {best.test_top1:.2f} % at epoch {best.epoch}" if best else "-"
    star = "*" if run.notes.star else " "
    return [
        f"{star} {run.path.name}",
        run.notes.name or run.config.architecture,
        run.data_name,
        f"{len(run.rows)}/{run.config.epochs}",
        run.status.state,
        figure,
    ]


def _object(run: Run) -> dict[str, object]:
    return {
        "folder": str(run.path),
        "name": run.notes.name,
        "star": run.notes.star,
        "config": run.config,
        "data": run.environment.data if run.environment else None,
        "state": run.status.state,
        "epochs": len(run.rows),
        "best": run.best,
    }
