"""Figures of run folders, asked for as the window asks."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import numpy as np
import pytest
from PIL import Image

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import StudioError
from cifar_studio.runner.protocol import SaveFigureRequest, envelope_decoder, to_line
from cifar_studio.runner.worker.requests import carry_out
from cifar_studio.runs.answers import LAST_EVENTS, FigureSaved
from cifar_studio.runs.folder.evaluation import Evaluation, confusion_matrix, save_evaluation
from cifar_studio.runs.folder.run_folder import Notes, RunFolder
from support import make_environment, make_evaluation

ANSWERS = make_evaluation(400)


def others() -> Evaluation:
    """Another network's answers about some of the same pictures and some others."""
    predicted = ANSWERS.top5[100:, 1]
    return Evaluation(
        true=ANSWERS.true[100:],
        predicted=predicted,
        top5=ANSWERS.top5[100:],
        probabilities=ANSWERS.probabilities[100:],
        confusion=confusion_matrix(ANSWERS.true[100:], predicted),
        indices=ANSWERS.indices[100:],
        epoch=3,
    )


def moved(answers: Evaluation) -> Evaluation:
    """As if they were about other pictures."""
    return replace(answers, indices=answers.indices + np.int32(5_000))


def make_run(folder: Path, name: str, answers: Evaluation, data: str = "CIFAR-100") -> RunFolder:
    run = RunFolder(folder)
    folder.mkdir()
    run.write_config(TrainConfig())
    run.write_environment(make_environment(data))
    run.write_notes(Notes(name=name))
    save_evaluation(run.best_evaluation, answers)
    return run


@pytest.fixture
def a(tmp_path: Path) -> RunFolder:
    return make_run(tmp_path / "20260401_120000_resnet18", "First try", ANSWERS)


@pytest.fixture
def b(tmp_path: Path) -> RunFolder:
    return make_run(tmp_path / "20260401_130000_resnet18", "", others())


def save(run: RunFolder, to: Path, **wishes: object) -> Path:
    request = SaveFigureRequest(id=1, folder=str(run.path), path=str(to))
    (event,) = carry_out(msgspec.structs.replace(request, **wishes))
    assert event == FigureSaved(path=str(to))
    assert isinstance(event, LAST_EVENTS)
    return to


def texts(path: Path) -> list[str]:
    root = ElementTree.parse(path).getroot()
    return [text.text or "" for text in root.iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize("figure", ["confusion", "calibration"])
@pytest.mark.parametrize("level", ["superclasses", "classes"])
def test_that_a_figure_says_what_it_is_of(
    a: RunFolder, tmp_path: Path, figure: str, level: str
) -> None:
    words = texts(save(a, tmp_path / "figure.svg", figure=figure, level=level))
    top1 = 100 * np.mean(ANSWERS.true == ANSWERS.predicted)
    assert "First try" in words
    wanted = (
        f"CIFAR-100 · epoch 7, best on test (selected) · 400 test pictures · top-1 {top1:.2f} %"
    )
    assert wanted in words


def test_that_run_b_and_the_difference_are_drawn(
    a: RunFolder, b: RunFolder, tmp_path: Path
) -> None:
    wishes = {"beside": str(b.path), "width_in": 5.0, "height_in": 5.0, "dpi": 72}
    words = texts(save(a, tmp_path / "b.svg", side="b", **wishes))
    assert any(line.startswith("ResNet18, ") for line in words)
    words = texts(save(a, tmp_path / "difference.svg", side="difference", **wishes))
    assert "CIFAR-100 · 300 test pictures that both were tested on" in words
    assert any(line.startswith("A: First try · epoch 7") for line in words)
    save(a, tmp_path / "difference.png", side="difference", level="classes", **wishes)
    with Image.open(tmp_path / "difference.png") as image:
        assert image.size == (360, 360)


def test_that_what_cannot_be_drawn_says_what_to_do(
    a: RunFolder, b: RunFolder, tmp_path: Path
) -> None:
    def fault(**wishes: object) -> str:
        with pytest.raises(StudioError) as caught:
            save(a, tmp_path / "figure.png", **wishes)
        assert caught.value.remedy
        assert not (tmp_path / "figure.png").exists()
        return caught.value.fault

    demo = make_run(tmp_path / "20260401_140000_resnet18", "", ANSWERS, "demo")
    apart = make_run(tmp_path / "20260401_150000_resnet18", "", moved(ANSWERS))
    assert "evaluation_last.npz is missing" in fault(moment="last")
    assert "no run folder" in fault(folder=str(tmp_path / "none"))
    assert "needs a second run" in fault(side="difference")
    assert "different data" in fault(beside=str(demo.path), side="difference")
    assert "different pictures" in fault(beside=str(apart.path), side="difference")
    assert "no difference of two calibrations" in fault(
        beside=str(b.path), side="difference", figure="calibration"
    )
    assert "out of range" in fault(width_in=1.0)
    assert "cannot be written" in fault(path=str(tmp_path / "none" / "figure.png"))
    assert "does not say a format" in fault(path=str(tmp_path / "figure.gif"))


@pytest.mark.parametrize("has_home", [True, False])
def test_that_nothing_but_the_answer_leaves_a_worker(
    a: RunFolder, tmp_path: Path, has_home: bool
) -> None:
    """matplotlib lists the fonts at its first import, and complains without a home of its own."""
    home = tmp_path / "fresh"
    home.mkdir() if has_home else home.write_text("no folder")
    places = {name: str(home) for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")}
    request = SaveFigureRequest(id=4, folder=str(a.path), path=str(tmp_path / "figure.pdf"))
    with subprocess.Popen(
        [sys.executable, "-m", "cifar_studio.runner.worker.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **places},
    ) as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        worker.stdin.write(to_line(request))
        worker.stdin.flush()
        line = worker.stdout.readline()
        more, complaints = worker.communicate(timeout=60)
    assert (more, worker.returncode) == (b"", 0), complaints
    assert envelope_decoder.decode(line).event == FigureSaved(path=request.path)
    assert Path(request.path).read_bytes().startswith(b"%PDF-")
