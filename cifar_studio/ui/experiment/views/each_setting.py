"""Each setting that varies against the figure: one small plot a setting."""

from __future__ import annotations

from PySide6.QtCore import QPointF
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget
from typing_extensions import override

from cifar_studio.ui.experiment.data import ExperimentData
from cifar_studio.ui.experiment.marks import Marks
from cifar_studio.ui.experiment.scales import FIGURE, scale_of
from cifar_studio.ui.experiment.views.trial_dots import TrialDots
from cifar_studio.ui.experiment.views.trial_plot import TrialPlot
from cifar_studio.ui.experiment.views.trial_view import TrialView
from cifar_studio.ui.widgets import basics, theme
from cifar_studio.ui.widgets.layouts import NO_MARGINS, column, grow

LEAST_PX = 224


class _Slice(QWidget):
    """One setting."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key
        self.plot = TrialPlot(f"{key.replace('_', ' ')} against the figure", "", self._find)
        self.dots = TrialDots(self.plot)
        self.title = basics.label("", "small")
        column(self.title, grow(self.plot), parent=self, margins=NO_MARGINS, spacing=1)
        self.plot.apply_theme()
        self.plot.bottom_axis.setHeight(theme.px(24))

    def _find(self, at: QPointF) -> int | None:
        return self.dots.find(at)


class EachSettingView(TrialView):
    """As many columns as there is room for."""

    KEY = "slices"
    TITLE = "Each setting"
    TIP = "Each setting that varies against the figure"

    def __init__(self) -> None:
        super().__init__()
        self.figure = basics.label("", "small")
        content = QWidget()
        self._grid = QGridLayout(content)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(2 * theme.GRID)
        self.slices: list[_Slice] = []
        area = basics.scrolled(content)
        column(self.figure, grow(area), parent=self, margins=NO_MARGINS, spacing=1)

    @override
    @classmethod
    def suits(cls, data: ExperimentData) -> bool:
        return data.experiment.kind == "search"

    @override
    def _draw(self, data: ExperimentData, marks: Marks) -> None:
        if [one.key for one in self.slices] != list(data.keys):
            self._make(data.keys)
        figures = scale_of(data, FIGURE)
        self.figure.setText(f"{figures.title}, by")
        y, inside = figures.positions(data), marks.within(data)
        for one in self.slices:
            scale = scale_of(data, one.key)
            one.title.setText(scale.title)
            one.plot.set_bottom(scale)
            one.plot.set_range((scale.low, scale.high), (figures.low, figures.high))
            one.dots.draw(data, scale.positions(data), y, inside, marks.chosen)

    def _make(self, keys: tuple[str, ...]) -> None:
        for one in self.slices:
            self._grid.removeWidget(one)
            one.deleteLater()
        self.slices = [_Slice(key) for key in keys]
        for one in self.slices:
            one.plot.pointed.connect(self.point_at)
            one.plot.clicked.connect(self.trial_chosen)
        self._arrange()

    def _arrange(self) -> None:
        """On as many rows as the width needs, about equally long."""
        most = max(self.width() // theme.px(LEAST_PX), 1)
        rows = -(-len(self.slices) // most)
        columns = -(-len(self.slices) // max(rows, 1))
        for place, one in enumerate(self.slices):
            self._grid.addWidget(one, place // columns, place % columns)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    @override
    def restyle(self) -> None:
        for one in self.slices:
            one.plot.apply_theme()
            one.plot.bottom_axis.setHeight(theme.px(24))
        super().restyle()
