"""Experiments written into a folder, and read there by others' code."""

from __future__ import annotations

import base64
import csv
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import html5lib
import pytest
from PIL import Image

from cifar_studio.errors import BadInputError
from cifar_studio.export.formats import EXPERIMENT_FORMATS
from cifar_studio.runner.exporting.experiment_figures import save_experiment_figure
from cifar_studio.runner.exporting.export_experiment import export_experiment
from cifar_studio.runner.protocol import (
    ExperimentFigure,
    ExportExperimentRequest,
    SaveExperimentFigureRequest,
    request_decoder,
    to_line,
)
from cifar_studio.runner.worker.requests import carry_out
from cifar_studio.runs.answers import Exported, ExportProgressed, FigureSaved
from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder, create
from cifar_studio.runs.experiment.show import experiment_object
from cifar_studio.runs.experiment.trials import Ended, Planned
from cli_support import assert_one_line, studio
from experiment_support import make_folds, make_search, make_seeds, read, search

HOSTILE = "<script>alert(1)</script> {{ 7 * 7 }} \"><img src=x> \u202e & '"
SHARES = {"learning_rate": 0.6, "mixing": 0.3, "momentum": 0.07, "batch_size": 0.03}


def request_of(folder: ExperimentFolder, to: Path, *formats: str) -> ExportExperimentRequest:
    return ExportExperimentRequest(
        id=1, folder=str(folder.path), to=str(to), formats=list(formats), data="demo"
    )


def export(folder: ExperimentFolder, to: Path, *formats: str) -> Exported:
    *progress, ended = carry_out(request_of(folder, to, *formats))
    assert all(isinstance(event, ExportProgressed) for event in progress)
    assert isinstance(ended, Exported)
    assert len(progress) == len(ended.files) + len(ended.faults)
    for name in ended.files:
        assert (to / name).stat().st_size > 0
    return ended


def page_of(path: Path) -> ElementTree.Element:
    """Read as a browser reads it; a fault of the markup raises."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    page = parser.parse(path.read_text(encoding="utf-8"))
    assert isinstance(page, ElementTree.Element)
    return page


def words(element: ElementTree.Element) -> str:
    return "".join(element.itertext())


def test_that_a_search_leaves_in_every_format(tmp_path: Path, shared_cache: Path) -> None:
    folder = make_search(tmp_path)
    folder.write_importance(9, SHARES)
    to = tmp_path / "out"
    ended = export(folder, to, *EXPERIMENT_FORMATS)
    assert not ended.faults
    tables = {"trials", "importance"}
    figures = {"history", "curves", "parallel", "slices", "importance"}
    wanted = {f"{name}.{key}" for name in tables for key in ("csv", "tsv", "md", "tex")}
    wanted |= {f"{name}.{key}" for name in figures for key in ("png", "svg", "pdf")}
    assert set(ended.files) == wanted | {"experiment.json", "report.html"}
    with (to / "trials.csv").open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.DictReader(file))) == 12
    assert json.loads((to / "experiment.json").read_text()) == experiment_object(read(folder))
    for name in figures:
        with Image.open(to / f"{name}.png") as image:
            image.verify()
        assert ElementTree.parse(to / f"{name}.svg").getroot().tag.endswith("svg")
        assert (to / f"{name}.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("make", "tables"), [(make_seeds, {"trials", "seeds"}), (make_folds, {"trials", "folds"})]
)
def test_that_seeds_and_folds_leave_with_their_band(
    tmp_path: Path, make: object, tables: set[str]
) -> None:
    folder = make(tmp_path)  # type: ignore[operator]
    ended = export(folder, tmp_path / "out", "csv", "svg", "html")
    assert not ended.faults
    assert set(ended.files) == {
        *(f"{name}.csv" for name in tables),
        *("band.svg", "curves.svg", "report.html"),
    }
    page = page_of(tmp_path / "out" / "report.html")
    cells = [words(cell) for cell in page.iter("th")]
    assert "Standard deviation" in cells
    assert ("Standard error, corrected" in cells) == (make is make_folds)
    assert ("Nadeau" in words(page)) == (make is make_folds)


def test_that_a_trial_of_several_folds_leaves_with_them(tmp_path: Path) -> None:
    folder = make_search(tmp_path, trials=3, folds=2)
    ended = export(folder, tmp_path / "out", "csv", "svg")
    assert not ended.faults
    assert set(ended.files) >= {"trials.csv", "folds.csv", "curves.svg"}
    with (tmp_path / "out" / "folds.csv").open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.DictReader(file))) == 6


def test_that_the_report_is_one_valid_page_that_needs_nothing_else(
    tmp_path: Path, shared_cache: Path
) -> None:
    folder = make_search(tmp_path, trials=30)
    folder.write_importance(23, SHARES)
    to = tmp_path / "out"
    export(folder, to, "html")
    first = (to / "report.html").read_bytes()
    export(folder, to, "html")
    assert (to / "report.html").read_bytes() == first
    page = page_of(to / "report.html")
    assert all(image.get("src", "").startswith("data:") for image in page.iter("img"))
    for tag in ("script", "link", "iframe", "object", "embed", "form"):
        assert not list(page.iter(tag))
    ids = [element.get("id") for element in page.iter() if element.get("id")]
    targets = {link.get("href") for link in page.iter("a") if link.get("href", "").startswith("#")}
    assert targets <= {f"#{name}" for name in ids}
    assert len(ids) == len(set(ids))
    assert "#experiment" in targets
    assert "#table-2" not in targets
    svgs = [
        ElementTree.fromstring(base64.b64decode(source.partition(",")[2]))
        for image in page.iter("img")
        if (source := image.get("src", "")).startswith("data:image/svg")
    ]
    assert len(svgs) == 6, "five of the experiment, and the curves of its best run"
    tables = {words(table[0]): table for table in page.iter("table") if table[0].tag == "caption"}
    rows = [[words(cell) for cell in row] for row in tables["The best 10 of 24"].iter("tr")][1:]
    state = read(folder)
    values = sorted(trial.value for trial in state.trials if trial.value is not None)[::-1]
    assert [row[-4] for row in rows] == [f"{value:.2f}" for value in values[:10]]
    assert [row[0] for row in rows] == [str(rank) for rank in range(1, 11)]
    text = words(page)
    assert "Which settings are best?" in text
    assert "The test set was locked: no trial looked at it." in text
    assert "learning rate (0.001 to 0.1, logarithmic)" in text
    assert "1 trial failed; trial 30: out of memory" in text
    for work in ("Halton. On the efficiency", "PED-ANOVA: Efficiently", "Optuna: A Next"):
        assert work in text
    assert "Algorithms for Hyper-Parameter Optimization" not in text


def test_that_strangers_words_stay_words(tmp_path: Path) -> None:
    planned = [Planned(trial=1, parameters={"mixing": HOSTILE, HOSTILE: 1})]
    folder = create(tmp_path, "s", search(runs=str(tmp_path / "none")), planned)
    folder.append(Ended(trial=1, state="failed", message=HOSTILE))
    moved = ExperimentFolder(folder.path.rename(tmp_path / HOSTILE.replace("/", "")))
    ended = export(moved, tmp_path / "out", "csv", "svg", "html", "json", "md", "tex")
    assert not ended.faults
    page = page_of(tmp_path / "out" / "report.html")
    assert not list(page.iter("script"))
    assert not [image for image in page.iter("img") if image.get("src") == "x"]
    assert "\\u202e" in words(page)
    assert "\u202e" not in words(page)
    assert json.loads((tmp_path / "out" / "experiment.json").read_text())["name"] == moved.name


def test_that_nothing_has_been_trained_yet_is_no_fault(tmp_path: Path) -> None:
    folder = create(tmp_path, "s", search(runs=str(tmp_path / "none")))
    ended = export(folder, tmp_path / "out", "csv", "svg", "html", "json", "md", "tex")
    assert not ended.faults
    assert "has not come to its end" in words(page_of(tmp_path / "out" / "report.html"))
    texts = ElementTree.parse(tmp_path / "out" / "history.svg").getroot().itertext()
    assert "no trial with a figure yet" in "".join(texts)


@pytest.mark.parametrize("figure", ["history", "curves", "parallel", "slices", "importance"])
def test_that_one_figure_is_saved_to_one_file(tmp_path: Path, figure: ExperimentFigure) -> None:
    folder = make_search(tmp_path)
    request = SaveExperimentFigureRequest(
        id=4,
        folder=str(folder.path),
        path=str(tmp_path / "figure.png"),
        figure=figure,
        width_in=5.0,
        height_in=4.0,
        dpi=80,
    )
    assert request_decoder.decode(to_line(request)) == request
    assert list(carry_out(request)) == [FigureSaved(path=str(tmp_path / "figure.png"))]
    with Image.open(tmp_path / "figure.png") as image:
        assert image.size == (400, 320)


def test_that_a_figure_that_means_nothing_is_refused(tmp_path: Path) -> None:
    for make, figure in ((make_search, "band"), (make_folds, "parallel")):
        folder = make(tmp_path / figure)  # type: ignore[operator]
        request = SaveExperimentFigureRequest(
            id=1, folder=str(folder.path), path=str(tmp_path / "a.png"), figure=figure
        )
        with pytest.raises(BadInputError, match=f"has no figure {figure}.*Choose from"):
            save_experiment_figure(request)
    with pytest.raises(BadInputError, match="there is no format weights"):
        list(export_experiment(request_of(folder, tmp_path, "weights")))


def test_that_the_command_knows_an_experiment_by_folder_and_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_search(tmp_path)
    monkeypatch.setenv("CIFAR_STUDIO_EXPERIMENTS", str(folder.path.parent))
    for number, name in enumerate((folder.path, folder.name)):
        to = tmp_path / str(number)
        ended = studio("export", name, "--to", to, "--as=csv,json", cwd=tmp_path)
        assert ended.returncode == 0, ended.stderr
        assert ended.stdout.splitlines() == [str(to / "trials.csv"), str(to / "experiment.json")]
    told = studio("export", folder.name, "--to", tmp_path, "--as=bundle", cwd=tmp_path)
    assert told.returncode == 2
    assert_one_line(told, "there is no format bundle", "csv, tsv, md")
    told = studio("export", folder.name, folder.name, "--to", tmp_path, cwd=tmp_path)
    assert told.returncode == 2
    assert_one_line(told, "an experiment is exported by itself")
    told = studio("export", "no such", "--to", tmp_path, cwd=tmp_path)
    assert told.returncode == 2
    assert re.search("no run folder", told.stderr)
