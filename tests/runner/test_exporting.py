"""Runs written into a folder, and read there by others' code."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from markdown_it import MarkdownIt
from PIL import Image
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from cifar_studio.data.names import names_of
from cifar_studio.errors import BadInputError
from cifar_studio.export.formats import FORMATS, checked_formats, inches_of
from cifar_studio.runner.exporting.export_runs import export_runs
from cifar_studio.runner.protocol import ExportRequest
from cifar_studio.runs.answers import Exported, ExportProgressed
from cifar_studio.runs.folder.evaluation import load_evaluation
from cifar_studio.runs.folder.events import RunEnded
from cifar_studio.runs.folder.run_folder import Notes, RunFolder
from cli_support import studio
from runner.small_runs import resume


def export(to: Path, formats: list[str], *runs: RunFolder) -> Exported:
    folders = [str(run.path) for run in runs]
    *progress, ended = export_runs(
        ExportRequest(id=1, folders=folders, to=str(to), formats=formats)
    )
    assert all(isinstance(event, ExportProgressed) for event in progress)
    assert isinstance(ended, Exported)
    assert len(progress) == len(ended.files) + len(ended.faults)
    for name in ended.files:
        assert (to / name).stat().st_size > 0
    return ended


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_that_spreadsheets_get_what_the_run_answered(run: RunFolder, tmp_path: Path) -> None:
    to = tmp_path / "out"
    ended = export(to, ["csv"], run)
    assert not ended.faults
    folder = to / run.path.name
    assert (folder / "epochs.csv").read_bytes() == run.epochs_file.read_bytes()
    evaluation = load_evaluation(run.best_evaluation)
    titles = names_of("demo").class_titles
    answers = table(folder / "answers.csv")
    assert [int(row["Picture"]) for row in answers] == evaluation.indices.tolist()
    said = [row["Answer"] for row in answers]
    true = [row["True class"] for row in answers]
    assert [row["Right"] == "yes" for row in answers] == [
        a == b for a, b in zip(said, true, strict=True)
    ]
    precision, recall, f1, support = precision_recall_fscore_support(
        true, said, labels=titles, zero_division=np.nan
    )
    for place, row in enumerate(table(folder / "classes.csv")):
        assert row["Class"] == titles[place]
        wanted = (precision[place], recall[place], f1[place])
        for key, value in zip(("Precision", "Recall", "F1"), wanted, strict=True):
            shown = float(row[key]) if row[key] else np.nan
            assert shown == pytest.approx(value, nan_ok=True), (row["Class"], key)
        assert int(row["Pictures"]) == support[place]
    rows = table(folder / "confusion-classes.csv")
    order = [row["True class"] for row in rows]
    counts = [[int(row[name]) for name in order] for row in rows]
    assert np.array_equal(counts, confusion_matrix(true, said, labels=order))
    (summary,) = table(to / "table-2.csv")
    assert summary["Folder"] == run.path.name
    assert summary["Beside the report"].startswith("not comparable: demo")


def test_that_texts_and_figures_are_what_their_suffix_says(run: RunFolder, tmp_path: Path) -> None:
    to = tmp_path / "out"
    ended = export(to, ["md", "tex", "png", "svg", "pdf"], run)
    assert not ended.faults
    folder = to / run.path.name
    tokens = MarkdownIt("commonmark").enable("table").parse((folder / "classes.md").read_text())
    assert sum(token.type == "tr_open" for token in tokens) == 101
    assert r"\toprule" in (folder / "superclasses.tex").read_text()
    for figure in ("curves", "confusion", "calibration"):
        with Image.open(folder / f"{figure}.png") as image:
            image.verify()
        assert ElementTree.parse(folder / f"{figure}.svg").getroot().tag.endswith("svg")
        assert (folder / f"{figure}.pdf").read_bytes().startswith(b"%PDF")


def test_that_several_runs_share_a_table_and_a_figure(run: RunFolder, tmp_path: Path) -> None:
    other = RunFolder(Path(shutil.copytree(run.path, run.path.with_name("20260401_120000_x"))))
    other.write_notes(Notes(name='=HYPERLINK("http://example.org")'))
    to = tmp_path / "out"
    ended = export(to, ["csv", "svg"], run, other)
    assert not ended.faults
    rows = table(to / "table-2.csv")
    assert [row["Folder"] for row in rows] == [run.path.name, other.path.name]
    assert not any(value.startswith("=") for row in rows for value in row.values())
    assert (to / "curves.svg").exists()
    assert (to / other.path.name / "curves.svg").exists()


def test_that_one_fault_does_not_keep_the_other_files(run: RunFolder, tmp_path: Path) -> None:
    run.best_evaluation.unlink()
    run.best_checkpoint.write_bytes(b"torn")
    ended = export(tmp_path / "out", ["csv", "png", "weights"], run)
    names = {Path(name).name for name in ended.files}
    assert names == {"table-2.csv", "epochs.csv", "curves.png", "network.py"}
    assert len(ended.faults) == 8
    assert any("weights.safetensors" in fault for fault in ended.faults)
    assert not list((tmp_path / "out").rglob("*.part"))


def test_that_networks_are_checked(run: RunFolder, tmp_path: Path) -> None:
    ended = export(tmp_path / "out", ["weights", "program"], run)
    assert not ended.faults
    for check in ended.checks:
        assert "100 of 100 pictures named alike" in check
    assert len(ended.checks) == 2
    assert {Path(name).name for name in ended.files} >= {"network.py", "weights.safetensors"}


def test_that_a_script_leaves_too(run: RunFolder, tmp_path: Path) -> None:
    ended = export(tmp_path / "out", ["script"], run)
    assert not ended.faults
    ((name,),) = [ended.files]
    compile((tmp_path / "out" / name).read_text(), name, "exec")


def test_that_a_bundle_is_opened_looked_at_and_reproduced(
    run: RunFolder, tmp_path: Path, one_thread: None
) -> None:
    ended = export(tmp_path / "out", ["bundle"], run)
    assert ended.files == (f"{run.path.name}.cifarrun",)
    bundle = tmp_path / "out" / ended.files[0]
    other = tmp_path / "other runs"
    done = studio("open", bundle, tmp_path / "none.cifarrun", "--runs", other, "--json")
    assert done.returncode == 2
    assert "none.cifarrun cannot be opened" in done.stderr
    (told,) = json.loads(done.stdout)
    opened = RunFolder(Path(told["run"]))
    assert not told["was_there"]
    best = load_evaluation(opened.best_evaluation)
    assert np.array_equal(best.predicted, load_evaluation(run.best_evaluation).predicted)
    assert not export(tmp_path / "again", ["weights"], opened).faults, "the network came along"
    *_, longer = resume(opened, epochs=3)
    assert isinstance(longer, RunEnded)
    assert longer.state == "finished"
    repeated = studio("reproduce", bundle, "--epochs", "1", "--runs", tmp_path / "third")
    assert repeated.returncode in (0, 3), repeated.stderr  # as many threads as that process has
    assert "epoch" in repeated.stderr
    names = sorted(path.name for path in (tmp_path / "third").iterdir())
    assert len(names) == 2
    assert run.path.name in names


def test_the_command(run: RunFolder, tmp_path: Path) -> None:
    to = tmp_path / "a place with blanks"
    done = studio("export", run.path, "--to", to, "--as", "csv,PNG", "--size", "4x3", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["faults"] == []
    assert {Path(name).suffix for name in told["files"]} == {".csv", ".png"}
    with Image.open(to / run.path.name / "curves.png") as image:
        assert image.size == (1200, 900)
    run.best_evaluation.unlink()
    faulty = studio("export", run.path, "--to", to, "--as", "csv")
    assert faulty.returncode == 1
    assert "evaluation.npz is missing" in faulty.stderr
    assert str(to / run.path.name / "epochs.csv") in faulty.stdout


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("--as", "gif"), "there is no format gif"),
        (("--as", ","), "no format is given"),
        (("--size", "4"), "the size 4 is not width and height"),
    ],
)
def test_that_bad_words_are_refused(
    run: RunFolder, tmp_path: Path, words: tuple[str, ...], fault: str
) -> None:
    done = studio("export", run.path, "--to", tmp_path / "out", *words)
    assert done.returncode == 2
    assert fault in done.stderr
    assert not (tmp_path / "out").exists()


def test_formats_and_sizes() -> None:
    assert checked_formats(["SVG", " .csv", "svg"]) == ("csv", "svg")
    assert inches_of("6X4.5") == (6.0, 4.5)
    with pytest.raises(BadInputError):
        inches_of("wide")
    networks = {"weights", "program", "onnx"}
    assert set(FORMATS) >= {"csv", "md", "tex", "png", "svg", "html", "script", "bundle"} | networks
