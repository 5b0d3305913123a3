"""Feeds the tabs Pictures and Confusion: the selected run's pictures and its network's answers."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import Dataset
from cifar_studio.data.names import names_of
from cifar_studio.runner.protocol import SaveFigureRequest
from cifar_studio.runs import wording
from cifar_studio.runs.analysis.metrics import pictures_of_cell
from cifar_studio.runs.folder.evaluation import Evaluation
from cifar_studio.runs.folder.library import Run
from cifar_studio.runs.reference_runs import WHAT_IT_LACKS, is_reference
from cifar_studio.ui.confusion.evaluations import Evaluations
from cifar_studio.ui.confusion.summary import DISAGREEMENTS
from cifar_studio.ui.confusion.view import ConfusionView
from cifar_studio.ui.controllers.evaluation_files import EvaluationFiles
from cifar_studio.ui.controllers.file_saving import FileSaving
from cifar_studio.ui.controllers.own_picture_answers import OwnPictureAnswers
from cifar_studio.ui.controllers.picture_detail import PictureDetailRequests
from cifar_studio.ui.controllers.picture_loading import PictureLoading, pictures_of
from cifar_studio.ui.controllers.repeats_finding import RepeatsFinding
from cifar_studio.ui.controllers.run_evaluating import RunEvaluating
from cifar_studio.ui.controllers.second_run import SecondRun
from cifar_studio.ui.frame.central_tabs import PICTURES
from cifar_studio.ui.frame.parts import Parts
from cifar_studio.ui.pictures.data.answers import Answers
from cifar_studio.ui.pictures.data.picture_set import TEST_START
from cifar_studio.ui.pictures.data.query import PictureQuery
from cifar_studio.ui.pictures.grid.picture_grid import PictureGrid
from cifar_studio.ui.pictures.listing import list_pictures
from cifar_studio.ui.pictures.view import PicturesView
from cifar_studio.ui.tables.table import Table

GALLERY_PX = 48
Shown = Literal["best", "confusion"]
"""Whose answers the Pictures tab shows: the best epoch's, or those a cell was opened from."""


class PicturesAndConfusion(QObject):
    """Keeps both tabs in step with the selected run; a tab that nobody sees costs nothing."""

    def __init__(self, parts: Parts, saving: FileSaving) -> None:
        super().__init__(parts.window)
        helper = parts.helper
        self._parts = parts
        self._saving = saving
        self.pictures = PicturesView()
        self.gallery = PictureGrid()
        self.gallery.set_thumbnail_size(GALLERY_PX)
        self.confusion = ConfusionView(self.gallery)
        self._second = SecondRun(self.confusion, parts.model, self)
        self._loading = PictureLoading(helper, self)
        self._evaluating = RunEvaluating(parts)
        self._detail = PictureDetailRequests(self.pictures, helper, self)
        self._own = OwnPictureAnswers(self.pictures, helper, self)
        self.repeats = RepeatsFinding(helper, self.pictures)
        self._run: Run | None = None
        self._is_live = False
        self._evaluations: EvaluationFiles | None = None
        self._is_stale = True
        self._shown: Shown = "best"
        self._in_gallery: Evaluation | None = None
        self._wire()

    def show_run(self, run: Run | None, *, is_live: bool) -> None:
        """Show another run, or the same one as it stands now."""
        path = run.path if run is not None else None
        is_other = path != (self._run.path if self._run is not None else None)
        if is_other:
            self._evaluations = EvaluationFiles(path) if path is not None else None
            self._shown = "best"
            self.confusion.toolbar.epoch.choose("last" if is_live else "best")
            self._is_stale = True
        elif is_live != self._is_live:
            self._is_stale = True
            if is_live:
                self.confusion.toolbar.epoch.choose("last")
        self._run, self._is_live = run, is_live
        self._detail.show_run(run, is_other=is_other)
        self._own.show_run(None if run is not None and is_reference(run) else run)
        self.refresh()

    def plan(self, config: TrainConfig | None) -> None:
        """What the form describes."""
        self._detail.plan(config)

    def refresh(self) -> None:
        """Read what has changed, if anybody sees it; to be called when a tab comes into sight."""
        if not (self.pictures.isVisible() or self.confusion.isVisible()):
            return
        has_changed = self._evaluations is not None and self._evaluations.refresh()
        if has_changed or self._is_stale:
            self._is_stale = False
            self._show_evaluations()
        self._loading.load(pictures_of(self._run))
        if self.confusion.isVisible():
            self._second.offer(self._run)

    def save_table(self, table: Table) -> None:
        """Keep something of the selected run as a file."""
        about = self._run.path.name if self._run is not None else "pictures"
        self._saving.save_table(table, about)

    def reload_pictures(self) -> None:
        """Other pictures are on the disk now."""
        self._loading.forget()
        self.refresh()

    def _wire(self) -> None:
        self._loading.loaded.connect(self._on_loaded)
        self._loading.waiting.connect(self.pictures.show_waiting)
        self._loading.failed.connect(self.pictures.show_failure)
        self._own.failed.connect(self._parts.message.show_message)
        self._evaluating.progressed.connect(self._on_evaluation_progressed)
        self._evaluating.ended.connect(self._on_evaluation_ended)
        self.pictures.evaluate_requested.connect(self._on_evaluate_requested)
        self.pictures.filter_dropped.connect(self._on_filter_dropped)
        self.confusion.evaluate_requested.connect(lambda: self._on_evaluate_requested("test"))
        self.confusion.cell_selected.connect(self._fill_gallery)
        self.confusion.shown_changed.connect(self._on_confusion_changed)
        self.confusion.matrix.cell_opened.connect(self._on_cell_opened)
        self.confusion.disagreements.opened.connect(self._on_disagreement_opened)
        self.confusion.table_requested.connect(self.save_table)
        self.confusion.figure_requested.connect(self._on_figure_requested)
        self.pictures.controls.repeats_clicked.connect(self._on_repeats_requested)
        self.repeats.pair_opened.connect(self._on_pair_opened)
        self.repeats.table_requested.connect(
            lambda table: self._saving.save_table(table, "CIFAR-100")
        )
        self.pictures.table_requested.connect(self.save_table)
        self.pictures.picture_save_requested.connect(self._saving.save_picture)
        self.gallery.save_requested.connect(self._saving.save_picture)
        self.gallery.list_requested.connect(self._on_gallery_list_requested)
        self.gallery.activated.connect(self._on_gallery_activated)

    # Answers

    def _show_evaluations(self) -> None:
        run, evaluations = self._run, self._evaluations
        if run is None or evaluations is None:
            self.confusion.clear()
            self.pictures.show_answers(None, "")
            return
        if is_reference(run):
            self.confusion.clear(WHAT_IT_LACKS)
            self.pictures.show_answers(None, "", why_none=WHAT_IT_LACKS)
            return
        shown = Evaluations(
            best=evaluations.best.evaluation,
            last=evaluations.last.evaluation,
            names=names_of(run.data_name),
            title=f"{wording.dated_title(run)} · {wording.data_of(run.config, run.data_name)}",
            chosen_by=wording.how_chosen(run),
        )
        if run.is_test_locked and (shown.best or shown.last) is None:
            self.confusion.clear(f"{wording.test_locked(run.config)}.")
        else:
            self.confusion.show_evaluations(shown, is_live=self._is_live)
        if evaluations.fault:
            self._parts.message.show_message(evaluations.fault)
        self._show_answers()

    def _show_answers(self) -> None:
        run, evaluations = self._run, self._evaluations
        if run is None or evaluations is None or is_reference(run):
            return
        title = wording.run_title(run)
        shown = evaluations.best.evaluation
        training = evaluations.training.evaluation
        opened_from = self.confusion.evaluation if self._shown == "confusion" else None
        if opened_from is not None and opened_from is not shown:
            shown, training, title = opened_from, None, self.confusion.shown_title
        if shown is None and training is None:
            locked = _why_no_answers(run) if run.is_test_locked else ""
            self.pictures.show_answers(None, "" if locked else title, why_none=locked)
            return
        epoch = f", epoch {shown.epoch}" if shown is not None else ""
        self.pictures.show_answers(Answers(shown, training), f"{title}{epoch}")

    def _on_loaded(self, dataset: Dataset) -> None:
        self.pictures.show_dataset(dataset)
        self.gallery.show_set(self.pictures.pictures)
        self._on_confusion_changed()

    def _on_confusion_changed(self) -> None:
        """Another evaluation is shown: the gallery's answers are of it."""
        pictures, shown = self.pictures.pictures, self.confusion.evaluation
        self._in_gallery = None
        if pictures is not None and shown is not None:
            answers = Answers(shown)
            self._in_gallery = shown if answers.is_of(pictures) else None
            self.gallery.show_answers(answers if self._in_gallery is not None else None)
        self._fill_gallery(*self.confusion.matrix.position.chosen_classes())

    def _fill_gallery(self, true: tuple[int, ...], said: tuple[int, ...]) -> None:
        references = np.empty(0, dtype=np.int32)
        if self._in_gallery is not None:
            references = pictures_of_cell(self._in_gallery, true, said) + np.int32(TEST_START)
        self.gallery.show_references(references)

    # What a person asks for

    def _on_cell_opened(self, true: tuple[int, ...], said: tuple[int, ...]) -> None:
        self._open(
            PictureQuery("test", frozenset(true), frozenset(said)), self.confusion.cell_words()
        )

    def _on_disagreement_opened(self, which: str, indices: NDArray[np.int32]) -> None:
        among = frozenset((indices + TEST_START).tolist())
        self._open(PictureQuery("test", among=among), f"{DISAGREEMENTS[which]}, answers of A")

    def _open(self, query: PictureQuery, origin: str) -> None:
        self._shown = "confusion"
        self._show_answers()
        self.pictures.show_query(query, origin)
        self._parts.tabs.show_tab(PICTURES)

    def _on_gallery_activated(self, reference: int) -> None:
        self._on_cell_opened(*self.confusion.matrix.position.chosen_classes())
        self.pictures.show_picture(reference)

    def _on_repeats_requested(self) -> None:
        if self.pictures.pictures is not None:
            self.repeats.show(self.pictures.pictures, pictures_of(self._run))

    def _on_pair_opened(self, first: int, second: int) -> None:
        among = frozenset((first, second))
        self.pictures.show_query(PictureQuery("both", among=among), "Repeated")
        self.pictures.show_picture(first)
        self._parts.tabs.show_tab(PICTURES)

    def _on_filter_dropped(self) -> None:
        if self._shown != "best":
            self._shown = "best"
            self._show_answers()

    def _on_evaluate_requested(self, split: str) -> None:
        run = self._run
        if run is None:
            return
        if split == "test" and run.is_test_locked:
            self._parts.message.show_message(f"{wording.test_locked(run.config)}.")
            return
        self._evaluating.evaluate(str(run.path), split)

    def _on_gallery_list_requested(self) -> None:
        pictures, shown = self.pictures.pictures, self._in_gallery
        if pictures is not None and shown is not None:
            self.save_table(list_pictures(pictures, self.gallery.references, Answers(shown)))

    def _on_figure_requested(self, figure: Literal["confusion", "calibration"]) -> None:
        if self._run is None:
            return
        switches = self.confusion.toolbar.switches
        is_calibration = figure == "calibration"
        request = SaveFigureRequest(
            id=0,
            folder=str(self._run.path),
            path="",
            moment=switches.epoch,
            figure=figure,
            level=switches.level,
            percent=switches.percent,
            logarithmic=switches.logarithmic,
            beside=str(self._second.path or ""),
            side="a" if is_calibration and switches.side == "difference" else switches.side,
        )
        about = self._run.path.name
        if request.side == "difference" and self._second.path is not None:
            about += f" minus {self._second.path.name}"
        sizes = {"classes": " 100x100", "superclasses": " 20x20"}
        self._saving.save_figure(request, about, "" if is_calibration else sizes[request.level])

    def _on_evaluation_progressed(self, folder: str, text: str) -> None:
        if self._run is not None and folder == str(self._run.path):
            self.confusion.empty.body.setText(text)

    def _on_evaluation_ended(self) -> None:
        self._is_stale = True
        self.refresh()


def _why_no_answers(run: Run) -> str:
    if run.config.test == "never":
        return f"{wording.test_locked(run.config)}: only training pictures can have answers."
    return "Answers come when the run ends; until then the test set is locked."
