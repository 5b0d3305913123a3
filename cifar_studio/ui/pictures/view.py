"""The Pictures tab: classes left, the grid in the middle, the chosen picture right."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QSplitter, QStackedLayout, QWidget
from typing_extensions import override

from cifar_studio.data.dataset import Dataset
from cifar_studio.runs.wording import CAUTION
from cifar_studio.ui.pictures.classes.class_tree import ClassTree
from cifar_studio.ui.pictures.controls import NO_RUN, SPLITS, PictureControls
from cifar_studio.ui.pictures.data.answers import Answers
from cifar_studio.ui.pictures.data.picture_set import PictureSet
from cifar_studio.ui.pictures.data.query import PictureQuery, WhichSplit, count_by_class, select
from cifar_studio.ui.pictures.data.shown_pictures import ShownPictures
from cifar_studio.ui.pictures.detail.own_intake import OwnIntake
from cifar_studio.ui.pictures.detail.own_pictures import OwnPictures
from cifar_studio.ui.pictures.detail.picture_detail import PictureDetail
from cifar_studio.ui.pictures.grid.picture_grid import NO_MATCH, PictureGrid
from cifar_studio.ui.pictures.listing import list_own, list_pictures
from cifar_studio.ui.widgets import theme
from cifar_studio.ui.widgets.empty_view import EmptyView
from cifar_studio.ui.widgets.layouts import NO_MARGINS, column, grow

TREE_PX = 284
TREE_MIN_PX = 168
GRID_MIN_PX = 240
THUMBNAIL_PX = 64
NO_DATA = (
    "No pictures yet",
    "All 60,000 pictures of the data set stand here as soon as it has been read.",
)
DROP_HERE = (
    "Drop pictures here, paste one with Ctrl+V, or open some with Ctrl+I: the selected run's "
    f"network names what it sees.\n\n{CAUTION}."
)
OTHER_PICTURES = "The chosen run was evaluated on another data set than the one shown"


class PicturesView(QWidget):
    """Shows the pictures of a data set, and what a run's network said of them.

    Signals
    -------
    evaluate_requested(str)
        "training" or "test": evaluate that split with the shown run's network.
    filter_dropped()
        The question that came from elsewhere was taken away.
    picture_save_requested(QImage, str)
        A picture is to be kept as a file; its name in words.
    table_requested(Table)
        The list of pictures is to be kept as a file.
    """

    evaluate_requested = Signal(str)
    filter_dropped = Signal()
    picture_save_requested = Signal(object, str)
    table_requested = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.pictures: PictureSet | None = None  # those of the data set
        self._answers: Answers | None = None
        self._run_name = self._why_none = ""
        self._own: OwnPictures | None = None
        self._own_note = ""
        self._own_run = ""
        self._filter = PictureQuery()  # of it, what neither the tree nor the controls say
        self._origin = ""
        self.tree = ClassTree()
        self.controls = PictureControls()
        self.grid = PictureGrid()
        self.detail = PictureDetail()
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self._lay_out()
        self.tree.classes_chosen.connect(self._on_classes_chosen)
        self.controls.changed.connect(self._on_choice_changed)
        self.controls.size_changed.connect(self.grid.set_thumbnail_size)
        self.controls.filter_removed.connect(self._on_filter_removed)
        self.controls.evaluate_clicked.connect(self._on_evaluate_clicked)
        self.intake = OwnIntake(self)
        self.intake.opened.connect(self.controls.choose_own)
        self.intake.pasted.connect(self.controls.choose_own)
        self.controls.open_clicked.connect(self.intake.open)
        self.controls.list_clicked.connect(self.save_list)
        self.grid.list_requested.connect(self.save_list)
        self.grid.save_requested.connect(self.picture_save_requested)
        self.detail.picture.save_requested.connect(
            lambda image: self.picture_save_requested.emit(image, self.detail.name.text())
        )
        self.grid.current_changed.connect(self.detail.show_picture)
        self.detail.evaluate_requested.connect(self.evaluate_requested)
        self.controls.set_size(THUMBNAIL_PX)
        self.setFocusProxy(self.grid)
        theme.manager().changed.connect(self._restyle)
        self._restyle()

    @property
    def query(self) -> PictureQuery:
        """What is asked for now."""
        split, answers = self.controls.chosen_split, self.controls.chosen_answers
        return replace(self._filter, split=split, classes=self.tree.chosen, answers=answers)

    @property
    def shown(self) -> ShownPictures | None:
        """What grid and detail show: the data set's pictures, or the person's own."""
        return self._own if self.controls.is_own_chosen else self.pictures

    @property
    def chosen(self) -> tuple[int, WhichSplit]:
        """Side of a thumbnail and split, for the settings."""
        return self.controls.size_px, self.controls.chosen_split

    def choose(self, size_px: int, split: str) -> None:
        """Take size and split from the settings; what is no such thing is passed over."""
        self.controls.set_size(size_px)
        for _, key in SPLITS:
            if key == split:
                self.controls.show_choice(key, "all")

    def show_dataset(self, dataset: Dataset | None) -> None:
        """Show the pictures of a set, all of them; None shows how to get one."""
        if self.pictures is not None and self.pictures.dataset is dataset:
            return
        self.pictures = None if dataset is None else PictureSet(dataset)
        self._drop_filter()
        with QSignalBlocker(self.tree):
            self.tree.show_set(self.pictures)
        self._show_source()

    def show_own(self, own: OwnPictures, run_name: str, note: str) -> None:
        """Pictures of the person's own and what a run said of them; `note` is about the rest."""
        is_other = own is not self._own
        self._own, self._own_run, self._own_note = own, run_name, note
        if self.controls.is_own_chosen:
            if is_other:
                self._show_source()
            self._refresh()

    def save_list(self) -> None:
        """Have what the grid shows kept as a table."""
        if self.controls.is_own_chosen and self._own is not None:
            self.table_requested.emit(list_own(self._own))
        elif self.pictures is not None:
            table = list_pictures(self.pictures, self.grid.references, self._usable())
            self.table_requested.emit(table)

    def show_waiting(self, text: str) -> None:
        """The pictures will take a moment; `text` says what is done."""
        self.show_dataset(None)
        self._empty.set_text(text, "This is done once; afterwards they are there at once.")

    def show_failure(self, text: str) -> None:
        """There are no pictures; `text` says why and what to do."""
        self.show_dataset(None)
        self._empty.set_text("The pictures cannot be read", text)

    def show_answers(self, answers: Answers | None, run_name: str, why_none: str = "") -> None:
        """What the network of a run said; None where it was not evaluated, "" where none is chosen.

        `why_none` says, where there are no answers, why.

        Answers that are of other pictures than the shown ones are not used, and the view says so.
        """
        self._answers, self._run_name, self._why_none = answers, run_name, why_none
        self._take_answers()

    def show_query(self, query: PictureQuery, origin: str = "") -> None:
        """Ask for pictures from outside, after the answers it needs were shown.

        Parameters
        ----------
        origin : str
            Where the question comes from, in words ("maple shown, oak said"); stands on a chip
            until it is taken away or other classes are chosen.
        """
        was_own = self.controls.is_own_chosen
        self._filter, self._origin = query, origin
        self.controls.show_choice(query.split, query.answers)
        with QSignalBlocker(self.tree):
            self.tree.choose(query.classes)
        if was_own:
            self._show_source()
        self._refresh()

    def show_picture(self, reference: int) -> None:
        """Make a picture current; every filter that hides it goes."""
        if self.pictures is None:
            return
        self.grid.set_current(reference)
        if self.grid.current != reference:
            self.show_query(PictureQuery("both"))
            self.grid.set_current(reference)

    def _lay_out(self) -> None:
        centre = QWidget()
        column(self.controls, grow(self.grid), parent=centre, margins=NO_MARGINS, spacing=0)
        centre.setMinimumWidth(GRID_MIN_PX)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        for stretch, part in ((0, self.tree), (1, centre), (0, self.detail)):
            self.splitter.addWidget(part)
            self.splitter.setStretchFactor(self.splitter.count() - 1, stretch)
        # A small window gives the view less than its parts want; they give way one by one.
        self.splitter.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.splitter.setSizes([theme.px(TREE_PX), 10_000, self.detail.width()])
        self._stack = QStackedLayout(self)
        self._empty = EmptyView(*NO_DATA)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.splitter)

    def _restyle(self) -> None:
        self.tree.setMinimumWidth(theme.px(TREE_MIN_PX))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """Show as many parts side by side as there is room for."""
        with_detail = theme.px(GRID_MIN_PX) + self.detail.width()
        has_room = self.width() >= with_detail + theme.px(TREE_MIN_PX)
        self.tree.setVisible(has_room and not self.controls.is_own_chosen)
        self.detail.setVisible(self.width() >= with_detail)

    def _usable(self) -> Answers | None:
        """The answers, where they are of the shown pictures."""
        if self._answers is None or self.pictures is None:
            return None
        return self._answers if self._answers.is_of(self.pictures) else None

    def _take_answers(self) -> None:
        usable = self._usable()
        why_not = "" if usable is not None else self._why_none or NO_RUN
        if usable is None and self._answers is not None and self.pictures is not None:
            why_not = OTHER_PICTURES
        self.controls.allow_answers(why_not)
        if usable is None and self.query.needs_answers:
            self._drop_filter()
            self.controls.show_choice(self.controls.chosen_split, "all")
        if not self.controls.is_own_chosen:
            self.grid.show_answers(usable)
            is_other = why_not == OTHER_PICTURES
            self.detail.show_answers(usable, "" if is_other else self._run_name, self._why_none)
        self._refresh()

    def _refresh(self) -> None:
        """Find and show what is asked for."""
        if self.controls.is_own_chosen:
            self._refresh_own()
            return
        if self.pictures is None:
            return
        query, answers, missing = self.query, self._usable(), self._missing_split()
        found = select(self.pictures, query, answers)
        only = f"The {missing} pictures are not evaluated with {self._run_name}."
        is_why = missing == query.split and query.needs_answers
        self.grid.set_empty_text(only if is_why else NO_MATCH)
        self.grid.show_references(found)
        self.controls.show_count(len(found))
        self.controls.chip.show_text(self._chip_text())
        self.controls.offer_evaluation(missing)
        self.tree.show_counts(count_by_class(self.pictures, query, answers))

    def _refresh_own(self) -> None:
        self.controls.chip.show_text("")
        self.controls.offer_evaluation("")
        if self._own is None:
            return
        self.grid.set_empty_text(self._own_note or DROP_HERE)
        self.grid.show_references(self._own.references())
        self.controls.show_count(len(self._own), self._own_note if len(self._own) else "")
        if len(self._own) and self.grid.current < 0:
            self.grid.set_current(0)

    def _show_source(self) -> None:
        """Give grid and detail the pictures of the set, or the person's own."""
        is_own = self.controls.is_own_chosen
        self.controls.show_own(is_own)
        self.controls.demo.setVisible(self.shown is not None and self.shown.is_demo)
        has_any = is_own or self.pictures is not None
        self._stack.setCurrentWidget(self.splitter if has_any else self._empty)
        self.grid.show_set(self.shown)
        self.detail.show_set(self.shown)
        self._arrange()
        if is_own:
            self.grid.show_answers(self._own)
            self.detail.show_answers(self._own, self._own_run)
        else:
            self._take_answers()

    def _missing_split(self) -> str:
        """A split that is asked for and was not evaluated, where that matters; or ""."""
        answers = self._usable()
        return answers.missing(self.controls.chosen_split) if answers is not None else ""

    def _chip_text(self) -> str:
        if self._origin or not self._filter.said or self.pictures is None:
            return self._origin
        names = sorted(self.pictures.class_names[number] for number in self._filter.said)
        more = f" and {len(names) - 2} more" if len(names) > 3 else ""
        return f"said: {', '.join(names[:2] if more else names)}{more}"

    def _drop_filter(self) -> None:
        self._filter, self._origin = PictureQuery(), ""

    def _on_classes_chosen(self) -> None:
        if self._filter.among is None:
            self._origin = ""
        self._refresh()

    def _on_choice_changed(self) -> None:
        if self.controls.is_own_chosen != (self.grid.pictures is self._own):
            self._show_source()
        self._refresh()

    def _on_filter_removed(self) -> None:
        without = replace(self.query, said=frozenset(), among=None)
        self.show_query(PictureQuery(without.split) if self._origin else without)
        self.filter_dropped.emit()

    def _on_evaluate_clicked(self) -> None:
        if missing := self._missing_split():
            self.evaluate_requested.emit(missing)
