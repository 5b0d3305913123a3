"""Groups of seeds as a table for a file."""

from __future__ import annotations

from collections.abc import Sequence

from cifar_studio.export.tables.report_columns import MEASURES
from cifar_studio.export.tables.write_tables import Cell
from cifar_studio.runs import wording
from cifar_studio.runs.analysis.convergence import ConvergenceRule
from cifar_studio.runs.analysis.seeds import SeedGroup, over_seeds
from cifar_studio.ui.tables.table import Table


def seeds_table(name: str, groups: Sequence[SeedGroup], rule: ConvergenceRule) -> Table:
    """Mean, sample standard deviation and number of seeds of every figure of Table 2."""
    header = ["n", "Network", "Data", "Epochs", "Seeds"]
    for measure in MEASURES:
        header += [f"{measure.title} (mean)", f"{measure.title} (sd over seeds)"]
    rows = []
    for group in groups:
        title = wording.network(group.config)
        seeds = " ".join(map(str, group.seeds))
        cells: list[Cell] = [len(group.runs), title, group.data_name, group.config.epochs, seeds]
        summaries = group.summaries(rule)
        for measure in MEASURES:
            found = over_seeds(summaries, measure.name)
            cells += [found.mean, found.standard_deviation]
        rows.append(cells)
    return Table(
        name, ("n", *header), [(len(g.runs), *r) for g, r in zip(groups, rows, strict=True)]
    )
