"""A fold whose test set stays locked, beyond its training: told, refused, repeated, sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from cifar_studio.errors import RunFolderError
from cifar_studio.export.report.methods import method_of
from cifar_studio.runner.answers.evaluating import evaluate_run
from cifar_studio.runner.exporting.export_runs import export_runs
from cifar_studio.runner.protocol import EvaluateRequest, ExportRequest, TrainRequest
from cifar_studio.runs.analysis.folds import summarize_folds
from cifar_studio.runs.analysis.reproduction import config_to_repeat, reproduction_of
from cifar_studio.runs.answers import Exported
from cifar_studio.runs.bundle.opening import open_bundle
from cifar_studio.runs.bundle.writing import write_bundle
from cifar_studio.runs.folder.library import load
from cifar_studio.runs.folder.run_folder import RunFolder
from cifar_studio.runs.wording import train_command
from cli_support import studio
from runner.small_runs import CONFIG, carry_out, only_run, resume, train_request

FOLD = replace(CONFIG, epochs=1, train_per_class=2, folds=4, fold=3, test="never", batch_size=50)


@pytest.fixture
def fold(tmp_path: Path, one_thread: None) -> RunFolder:
    carry_out(train_request(tmp_path / "runs", FOLD))
    return only_run(tmp_path / "runs")


def test_that_it_is_not_evaluated_on_the_test_set(fold: RunFolder) -> None:
    def evaluate(**changes: Any) -> None:
        request = EvaluateRequest(
            id=1, folder=str(fold.path), moment="best", split="test", data="auto"
        )
        list(evaluate_run(replace(request, **changes)))

    for moment in ("best", "last"):
        with pytest.raises(RunFolderError, match="the test set stays locked") as refused:
            evaluate(moment=moment)
        assert refused.value.remedy.startswith("Train anew with test=at_end")
    assert not fold.best_evaluation.exists()
    evaluate(split="train")
    run = load(fold.path)
    assert run.is_test_locked
    assert run.status.state == "finished"
    words = method_of(run)
    assert "from 150 pictures" in words
    assert "50 for validation (fold 3 of 4, stratified by class and drawn by the seed)" in words
    assert "and was not tested." in words
    assert "the test pictures were never looked at." in words


def test_that_it_is_made_longer_repeated_and_sent(fold: RunFolder, tmp_path: Path) -> None:
    resume(fold, epochs=2)
    longer = load(fold.path)
    assert [row.test_top1 for row in longer.rows] == [None, None]
    again = TrainRequest(
        id=1,
        config=config_to_repeat(longer),
        data="auto",
        runs=str(tmp_path / "again"),
        repeats=str(fold.path),
    )
    carry_out(again)
    repeated = load(only_run(tmp_path / "again").path)
    assert reproduction_of(longer, repeated).is_exact
    write_bundle(tmp_path / "fold.cifarrun", fold.path)
    opened = load(open_bundle(tmp_path / "fold.cifarrun", tmp_path / "elsewhere").path)
    assert (opened.config, opened.rows) == (longer.config, longer.rows)
    summary = summarize_folds([opened])
    assert (summary.k, summary.n, summary.test_to_train) == (4, 1, pytest.approx(1 / 3))


def test_that_what_it_has_is_exported_and_the_rest_says_why_not(
    fold: RunFolder, tmp_path: Path
) -> None:
    request = ExportRequest(
        id=1,
        folders=(str(fold.path),),
        to=str(tmp_path / "out"),
        formats=("md", "html", "weights", "script"),
    )
    *_, exported = export_runs(request)
    assert isinstance(exported, Exported)
    names = {Path(name).name for name in exported.files}
    assert names == {"table-2.md", "report.html", "weights.safetensors", "network.py", "train.py"}
    assert exported.faults
    for fault in exported.faults:
        assert "the test set stays locked. Train anew with test=at_end" in fault
    page = (tmp_path / "out" / "report.html").read_text()
    assert "The test set stays locked." in page
    assert "fold 3 of 4" in page


def test_the_command_and_what_it_tells(tmp_path: Path) -> None:
    words = ["--preset", "quick-look", "--data", "demo", "--runs", tmp_path / "runs"]
    sets = ["epochs=1", "train_per_class=2", "batch_size=50", "folds=4", "fold=2", "test=never"]
    done = studio("train", *words, *(f"--set={one}" for one in sets))
    assert done.returncode == 0, done.stderr
    assert "ResNet18, fold 2 of 4 on demo (150 training, 50 validation pictures)" in done.stderr
    assert "The test set stays locked." in done.stderr
    assert "chosen on validation; the test set stays locked." in done.stderr
    run = load(only_run(tmp_path / "runs").path)
    assert "--set folds=4 --set fold=2" in train_command(run)
    refused = studio("evaluate", run.path)
    assert refused.returncode == 2
    assert "stays locked" in refused.stderr
    both = studio("train", *words, "--set=folds=4", "--set=validation_per_class=5")
    assert both.returncode == 2
    assert "folds: holds one fold back as the validation pictures" in both.stderr
    beyond = studio("train", *words, "--set=folds=4", "--set=fold=5")
    assert "fold: is 5, and there are only 4 folds" in beyond.stderr
    told = {entry["key"]: entry for entry in json.loads(studio("settings", "--json").stdout)}
    assert (told["folds"]["range"], told["fold"]["default"]) == ("0 to 20", 1)
    assert told["test"]["choices"] == ["each_epoch", "at_end", "never"]
