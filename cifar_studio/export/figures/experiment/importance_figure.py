"""How much each setting of a search decides, as bars."""

from __future__ import annotations

from pathlib import Path

from cifar_studio.export.figures.experiment.trials import FINISHED
from cifar_studio.export.figures.figure_file import figure_file
from cifar_studio.export.figures.page import AXIS_PT, Caption, Page, Size
from cifar_studio.runs.experiment.importance import Importance
from cifar_studio.runs.experiment.words import setting_title

_ABOVE_IN, _BAR_IN, _TALLEST_IN = 1.5, 0.3, 30.0
_NAME_SHARE = 0.3


def default_in(importance: Importance) -> tuple[float, float]:
    """Width and height that suit so many settings."""
    bars = max(2, len(importance.importance))
    return 6.0, max(3.0, min(_ABOVE_IN + _BAR_IN * bars, _TALLEST_IN))


def save_importance(
    path: Path, importance: Importance, caption: Caption, size: Size | None = None
) -> None:
    """Write it as .png, .svg or .pdf; raises BadInputError as `figure_file` does."""
    with figure_file(path, size, default_in(importance), caption) as page:
        draw_importance(page, importance)


def draw_importance(page: Page, importance: Importance) -> None:
    """Draw on a page what `save_importance` writes."""
    axes = page.body.subplots()
    ranked = importance.ranked()[::-1]  # bars are counted from below
    places = range(len(ranked))
    shares = [100 * share for _, share in ranked]
    axes.barh(places, shares, height=0.62, color=FINISHED, zorder=2)
    for place, share in zip(places, shares, strict=True):
        axes.annotate(
            f"{share:.0f} %",
            (share, place),
            xytext=(4 * page.unit, 0),
            textcoords="offset points",
            va="center",
        )
    names = [page.shortened(setting_title(key), _NAME_SHARE * page.width) for key, _ in ranked]
    axes.set(yticks=places, xlim=(0, max([10.0, *shares]) * 1.14))
    axes.set_yticklabels(names, fontsize=AXIS_PT * page.unit)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(f"share of what moves the figure, % (from {importance.trials:,} trials)")
    axes.grid(axis="x")
    if not ranked:
        axes.text(0.5, 0.5, "not reckoned yet", transform=axes.transAxes, ha="center")
