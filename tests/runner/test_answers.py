"""Evaluations and predictions of a trained run, against torchvision and the run's own figures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from PIL import Image
from sklearn.metrics import classification_report
from torchvision import models
from torchvision.transforms import functional as vision

from cifar_studio.data.cifar100.source import load_dataset
from cifar_studio.data.demo.demo_set import CLASS_NAMES
from cifar_studio.data.names import names_of
from cifar_studio.engine.answers.trained_network import load_network
from cifar_studio.errors import RunFolderError, StudioError
from cifar_studio.runner.answers.evaluating import evaluate_run
from cifar_studio.runner.answers.picture_answers import predict
from cifar_studio.runner.protocol import (
    AugmentRequest,
    EvaluateRequest,
    ExplainRequest,
    PredictRequest,
)
from cifar_studio.runner.worker.requests import carry_out
from cifar_studio.runs.answers import (
    Augmented,
    Explained,
    PictureRefused,
    Predicted,
    PredictionEnded,
    RunEvaluated,
)
from cifar_studio.runs.folder.evaluation import TRAINING_PICTURES, load_evaluation
from cifar_studio.runs.folder.run_folder import RunFolder
from cli_support import studio
from runner.small_runs import CONFIG

pytestmark = pytest.mark.usefixtures("one_thread")


def stock(run: RunFolder) -> torch.nn.Module:
    """torchvision's own network with the run's best weights."""
    network = models.mobilenet_v2(weights=None, num_classes=100)
    network.load_state_dict(load_network(run, "best").whole_weights(), strict=True)
    return network.eval()


def stock_probabilities(run: RunFolder, images_HWC: list[np.ndarray]) -> np.ndarray:
    facts = run.read_environment().data
    batch = torch.stack(
        [vision.normalize(vision.to_tensor(i.copy()), facts.mean, facts.std) for i in images_HWC]
    )
    with torch.inference_mode():
        return stock(run)(batch).softmax(dim=1).numpy()


def evaluated(run: RunFolder, **wishes: str) -> RunEvaluated:
    request = EvaluateRequest(id=1, folder=str(run.path), **wishes)  # type: ignore[arg-type]
    *_, last = evaluate_run(request)
    assert isinstance(last, RunEvaluated)
    return last


@pytest.mark.parametrize("moment", ["best", "last"])
def test_that_an_evaluation_can_be_made_again(run: RunFolder, moment: str) -> None:
    path = run.best_evaluation if moment == "best" else run.last_evaluation
    first, epochs = load_evaluation(path), run.read_epochs()
    path.unlink()
    answer = evaluated(run, moment=moment)
    row = epochs[answer.epoch - 1]
    assert (answer.loss, answer.top1, answer.top5) == (row.test_loss, row.test_top1, row.test_top5)
    again = load_evaluation(path)
    assert again.epoch == first.epoch
    for name in ("true", "predicted", "top5", "probabilities", "confusion", "indices"):
        np.testing.assert_array_equal(getattr(again, name), getattr(first, name))


def test_that_training_pictures_are_evaluated_as_stock_torchvision_would(run: RunFolder) -> None:
    answer = evaluated(run, split="train")
    kept = load_evaluation(run.evaluation_file("best", of_training=True), TRAINING_PICTURES)
    split = load_dataset("demo").train
    np.testing.assert_array_equal(kept.true, split.labels_N[kept.indices])
    theirs = stock_probabilities(run, list(split.images_NCHW[kept.indices].transpose(0, 2, 3, 1)))
    np.testing.assert_allclose(kept.probabilities, theirs, atol=1e-3)
    np.testing.assert_array_equal(kept.predicted, theirs.argmax(axis=1))
    assert answer.top1 == pytest.approx(100 * np.mean(theirs.argmax(axis=1) == kept.true))


def test_that_a_prediction_is_stock_torchvisions(run: RunFolder, tmp_path: Path) -> None:
    images = list(load_dataset("demo").test.images_NCHW[:3].transpose(0, 2, 3, 1))
    for number, image in enumerate(images):
        Image.fromarray(image).save(tmp_path / f"{number}.png")
    (tmp_path / "bad.png").write_bytes(b"none")
    files = [str(tmp_path / name) for name in ("0.png", "1.png", "bad.png", "2.png")]
    request = PredictRequest(id=1, folder=str(run.path), pictures=files)
    first, second, bad, third, ended = predict(request)
    assert isinstance(bad, PictureRefused)
    assert isinstance(ended, PredictionEnded)
    theirs = stock_probabilities(run, images)
    for event, image, probabilities in zip((first, second, third), images, theirs, strict=True):
        assert isinstance(event, Predicted)
        assert event.pixels == image.tobytes()
        assert event.classes == tuple(np.argsort(-probabilities, kind="stable")[:5].tolist())
        np.testing.assert_allclose(event.probabilities, np.sort(probabilities)[::-1][:5], rtol=1e-4)
        assert event.names[0] == CLASS_NAMES[event.classes[0]]


def test_that_a_run_without_a_whole_network_says_so(run: RunFolder, tmp_path: Path) -> None:
    empty = RunFolder(tmp_path / "20260401_120000_resnet18")
    empty.path.mkdir()
    with pytest.raises(RunFolderError, match=r"has no best\.pt: no epoch"):
        list(predict(PredictRequest(id=1, folder=str(empty.path), pictures=[])))
    with pytest.raises(RunFolderError, match=r"has no last\.pt"):
        evaluated(empty, moment="last")
    with pytest.raises(StudioError, match="best epoch's network only"):
        evaluated(run, moment="last", split="train")


def test_that_a_run_that_is_trained_is_not_evaluated_beside_it(run: RunFolder) -> None:
    lock = run.hold()
    try:
        with pytest.raises(RunFolderError, match="in use"):
            evaluated(run)
    finally:
        lock.release()


def test_that_the_command_line_gives_the_same_numbers(run: RunFolder, tmp_path: Path) -> None:
    picture = tmp_path / "a picture ü.png"
    Image.fromarray(load_dataset("demo").test.images_NCHW[7].transpose(1, 2, 0)).save(picture)
    (event, _) = predict(PredictRequest(id=1, folder=str(run.path), pictures=[str(picture)]))
    assert isinstance(event, Predicted)

    told = studio("predict", run.path, picture, "--json")
    assert told.returncode == 0, told.stderr
    (answer,) = json.loads(told.stdout)["pictures"]
    assert [likely["name"] for likely in answer["likeliest"]] == list(event.names)
    assert [likely["probability"] for likely in answer["likeliest"]] == list(event.probabilities)

    told = studio("predict", run.best_checkpoint, picture, tmp_path / "none.png")
    assert told.returncode == 2
    lines = told.stdout.splitlines()
    assert lines[0] == str(picture)
    assert lines[1].split() == [*event.names[0].split(), f"{100 * event.probabilities[0]:.2f}", "%"]
    assert len(lines) == 6
    assert "none.png cannot be read" in told.stderr
    assert "names one of its 100 classes, whatever it is shown" in told.stderr

    told = studio("evaluate", run.path, "--json")
    assert told.returncode == 0, told.stderr
    figures = json.loads(told.stdout)
    best = run.read_epochs()[figures["epoch"] - 1]
    assert (figures["top1"], figures["top5"]) == (best.test_top1, best.test_top5)
    kept = load_evaluation(run.best_evaluation)
    report = classification_report(
        kept.true, kept.predicted, labels=np.arange(100), zero_division=np.nan, output_dict=True
    )
    for label, one in enumerate(figures["classes"]):
        assert one["name"] == CLASS_NAMES[label]
        theirs = report[str(label)]
        for key, their_key in (
            ("precision", "precision"),
            ("recall", "recall"),
            ("f1", "f1-score"),
        ):
            wanted = None if np.isnan(theirs[their_key]) else pytest.approx(theirs[their_key])
            assert one[key] == wanted
    superclass = np.mean(kept.true // 5 == kept.predicted // 5)  # as the demo set numbers them
    assert figures["superclass_accuracy"] == pytest.approx(100 * superclass)
    told = studio("evaluate", tmp_path / "none")
    assert (told.returncode, told.stdout) == (2, "")
    assert "is no run folder" in told.stderr


def test_that_a_worker_explains_a_picture_and_shows_its_versions(run: RunFolder) -> None:
    image = load_dataset("demo").train.images_NCHW[11].transpose(1, 2, 0)
    (likeliest,) = carry_out(ExplainRequest(id=1, folder=str(run.path), pixels=image.tobytes()))
    assert isinstance(likeliest, Explained)
    theirs = stock_probabilities(run, [image])[0]
    assert likeliest.label == theirs.argmax()
    assert likeliest.probability == pytest.approx(theirs.max(), rel=1e-4)
    assert likeliest.layer == "features.7.conv.0"
    assert (likeliest.map_height, likeliest.map_width) == (4, 4)
    heat = np.frombuffer(likeliest.heat, np.float32).reshape(32, 32)
    assert heat.min() >= 0
    assert heat.max() <= 1
    request = ExplainRequest(id=1, folder=str(run.path), pixels=image.tobytes(), label=3)
    (other,) = carry_out(request)
    assert isinstance(other, Explained)
    assert (other.label, other.probability) == (3, pytest.approx(theirs[3], rel=1e-4))

    config = run.read_config()
    (shown,) = carry_out(
        AugmentRequest(id=1, config=config, data="demo", split="train", position=11)
    )
    assert isinstance(shown, Augmented)
    assert [len(version) for version in shown.versions] == [3072] * 8
    assert len(set(shown.versions)) > 1
    assert shown.mixed == (None,) * 8
    config = replace(config, mixing="mixup", mixup_alpha=1.0, cutout=0.5)
    (shown,) = carry_out(
        AugmentRequest(id=1, config=config, data="demo", split="train", position=11)
    )
    assert isinstance(shown, Augmented)
    titles = names_of("demo").class_titles
    for mixed in filter(None, shown.mixed):
        assert mixed.first == titles[load_dataset("demo").train.labels_N[11]]
        assert mixed.second in titles
    assert any(shown.mixed)


@pytest.mark.parametrize(
    ("question", "fault"),
    [
        (ExplainRequest(id=1, folder="", pixels=b"12"), "is not 32x32"),
        (ExplainRequest(id=1, folder="{run}", pixels=bytes(3072), label=100), "no class 100"),
        (
            AugmentRequest(id=1, config=CONFIG, data="demo", split="test", position=10_000),
            "no picture 10000",
        ),
    ],
)
def test_that_questions_without_sense_are_refused(
    question: ExplainRequest | AugmentRequest, fault: str, run: RunFolder
) -> None:
    if isinstance(question, ExplainRequest):
        question = replace(question, folder=question.folder.format(run=run.path))
    with pytest.raises(StudioError, match=fault):
        list(carry_out(question))
