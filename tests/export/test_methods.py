"""The methods paragraph: each setting is said where it is used and nowhere else, with its works."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from msgspec.structs import replace

from cifar_studio.config.learning_settings import LEARNING_SETTINGS
from cifar_studio.config.presets import RECIPES, REPORT_PRESETS
from cifar_studio.config.schedule import learning_rate
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.export.report.methods import method_of
from cifar_studio.export.report.references import references_of
from cifar_studio.runs.folder.library import Run
from export.learning_configs import EACH, VALIDATED
from export.scripts import run_of
from support import LOCKED, locked_rows

WARM = "rose linearly over the first"
ALPHA = "\N{GREEK SMALL LETTER ALPHA}"
CASES: list[tuple[dict[str, Any], str, tuple[str, ...]]] = [
    (
        {"warmup_epochs": 1.0},
        f"a maximum learning rate of 0.01, momentum 0.9, weight decay 0.0005 and random seed 0. "
        f"The learning rate {WARM} epoch and was then held.",
        ("Goyal",),
    ),
    (
        {"schedule": "multistep", "milestones": (60, 120, 160), "schedule_factor": 0.2},
        "an initial learning rate of 0.01, momentum 0.9, weight decay 0.0005 and random seed 0. "
        "The learning rate was multiplied by 0.2 after epochs 60, 120 and 160.",
        (),
    ),
    (
        {"schedule": "multistep", "milestones": (60,)},
        "was multiplied by 0.1 after epoch 60.",
        (),
    ),
    (
        {"schedule": "cosine", "warmup_epochs": 2.5},
        f"{WARM} 2.5 epochs, and after this warm-up it followed half a cosine, batch by batch, "
        "down to zero at the end of epoch 70.",
        ("Goyal", "Loshchilov"),
    ),
    (
        {"schedule": "cosine", "final_share": 0.01, "schedule_epochs": 50},
        "down to 0.01 of that value at the end of epoch 50 and was held from there on.",
        ("Loshchilov",),
    ),
    (
        {"schedule": "one-cycle"},
        "from 1/25 of that value up to it in the first 30 % of the steps, then down to zero at "
        "the end of epoch 70; momentum was constant.",
        ("Topin",),
    ),
    (
        {"schedule": "one-cycle", "warmup_epochs": 2.0},
        "rose linearly to where its cycle begins over the first 2 epochs, and after",
        ("Goyal", "Topin"),
    ),
    (
        {"schedule": "plateau", "plateau_patience": 1},
        "whenever the validation loss had not improved by 0.01 % for more than one epoch.",
        (),
    ),
    (
        {"decay_on": "weights"},
        "weight decay 0.0005 (on the weights of convolutional and linear layers only) and",
        (),
    ),
    ({"label_smoothing": 0.1}, "the cross-entropy with label smoothing 0.1 for", ("Szegedy",)),
    (
        {"weight_averaging": 0.999},
        "An exponential moving average of the weights and batch-normalisation statistics (decay "
        "0.999 per step, with bias correction) was evaluated in place of the last iterate.",
        ("Polyak", "Izmailov"),
    ),
    (
        {"sam_rho": 0.05},
        "sharpness-aware minimisation (SAM, \N{GREEK SMALL LETTER RHO} = 0.05), with the "
        "batch-normalisation statistics of its first pass only.",
        ("Foret",),
    ),
    (
        {"auto_augment": "trivialaugment"},
        "mirrored with probability one half and transformed by TrivialAugment (wide).",
        ("Hutter. TrivialAugment",),
    ),
    (
        {"auto_augment": "randaugment", "horizontal_flip": False},
        "black pixels and transformed by RandAugment (2 operations of magnitude 9 of 30).",
        ("Cubuk",),
    ),
    (
        {"cutout": 1.0, "cutout_size": 8},
        "After normalisation, a square of 8x8 pixels around a random pixel (Cutout) was set to "
        "zero in each picture.",
        ("DeVries",),
    ),
    (
        {"random_erasing": 0.1, "random_crop": False, "horizontal_flip": False},
        "In each epoch, after normalisation, a random rectangle of 2 to 33 % of the area (Random "
        "Erasing) was set to zero with probability 0.1.",
        ("Zhong",),
    ),
    (
        {"mixing": "mixup"},
        f"Each batch was mixed with a random permutation of itself by MixUp ({ALPHA} = 0.2); "
        "training accuracy is with respect to the label of the larger share.",
        ("Zhang, M. Cisse",),
    ),
    (
        {"mixing": "cutmix", "mixing_probability": 0.5},
        f"With probability 0.5, each batch was mixed with a random permutation of itself by "
        f"CutMix ({ALPHA} = 1);",
        ("Yun",),
    ),
    (
        {"mixing": "mixup or cutmix"},
        f"either MixUp ({ALPHA} = 0.2) or CutMix ({ALPHA} = 1), chosen at random;",
        ("Zhang, M. Cisse", "Yun"),
    ),
    (
        {"test_time_flip": True},
        "the logits of each picture and of its mirror image were averaged.",
        (),
    ),
]
WORKS = sorted({work for _, _, works in CASES for work in works} | {"Prechelt"})


def works_of(run: Run) -> set[str]:
    named = " ".join(reference.words for reference in references_of([run]))
    return {work for work in WORKS if work in named}


@pytest.mark.parametrize(("changes", "sentence", "works"), CASES, ids=lambda case: str(case)[:40])
def test_that_a_setting_is_said_and_its_works_are_named(
    changes: dict[str, Any], sentence: str, works: tuple[str, ...]
) -> None:
    plain, config = run_of(VALIDATED), replace(VALIDATED, **changes)
    run = run_of(config)
    steps = config.steps_in_epoch
    rows = [
        replace(row, learning_rate=learning_rate(config, steps, row.epoch * steps - 1))
        for row in run.rows
    ]
    run = dataclasses.replace(run, rows=tuple(rows))
    assert sentence in method_of(run)
    assert sentence not in method_of(plain)
    assert works_of(run) == set(works)


def test_that_a_schedule_that_was_made_longer_on_the_way_is_said() -> None:
    config = replace(VALIDATED, schedule="cosine", epochs=4)
    steps = config.steps_in_epoch
    run = run_of(config)
    rates = [learning_rate(replace(config, epochs=2), steps, epoch * steps - 1) for epoch in (1, 2)]
    rates += [learning_rate(config, steps, epoch * steps - 1) for epoch in (3, 4)]
    rows = [
        replace(run.rows[0], epoch=epoch, learning_rate=rate)
        for epoch, rate in enumerate(rates, start=1)
    ]
    words = method_of(dataclasses.replace(run, rows=tuple(rows)))
    assert "; up to epoch 2 it was that of a shorter run, which was made longer." in words


def test_that_every_setting_changes_the_words_where_it_counts() -> None:
    for changes in EACH.values():
        config = replace(VALIDATED, **changes)
        for key in changes:
            other = (1,) if key == "milestones" else getattr(VALIDATED, key)
            usual = replace(config, **{key: other})
            words = [method_of(validated(one)) for one in (config, usual)]
            assert words[0] != words[1], key
    values = {key: value for changes in EACH.values() for key, value in changes.items()}
    for setting in LEARNING_SETTINGS:
        if not setting.counts(VALIDATED):
            idle = replace(VALIDATED, **{setting.key: values[setting.key]})
            assert method_of(validated(idle)) == method_of(validated(VALIDATED)), setting.key


def validated(config: TrainConfig) -> Run:
    return dataclasses.replace(run_of(config), rows=tuple(locked_rows(ended=True)))


def test_that_the_choice_is_told_as_it_was_made() -> None:
    early = method_of(validated(LOCKED))
    assert (
        "which were held back from training; the test pictures were looked at once, with the "
        "weights that validation chose. Training was to stop early once the validation loss had "
        "not improved for 2 epochs; it stopped early at epoch 5: no better validation loss since 3."
    ) in early
    going = dataclasses.replace(run_of(LOCKED), rows=tuple(locked_rows(ended=False)[:4]))
    assert "looked at once" not in method_of(going)
    assert "not improved for 2 epochs." in method_of(going)
    each = method_of(validated(replace(LOCKED, test="each_epoch", early_stopping="off")))
    assert "training; the test pictures had no part in the choice." in each
    assert "stop" not in each
    other = replace(
        LOCKED, early_stopping="val_top1", least_improvement=0.5, stopping_from=9, patience=1
    )
    assert (
        "the validation top-1 had not improved by more than 0.5 percentage points for one epoch, "
        "from epoch 9 on."
    ) in method_of(validated(other))
    assert works_of(validated(LOCKED)) == {"Prechelt"}


def test_that_vgg11_has_no_statistics() -> None:
    config = TrainConfig(architecture="vgg11", sam_rho=0.1, weight_averaging=0.99)
    words = method_of(run_of(config))
    assert "average of the weights (decay 0.99" in words
    assert "batch-norm" not in words


def test_that_a_run_of_the_reports_names_none_of_these_works() -> None:
    for preset in REPORT_PRESETS:
        assert not works_of(run_of(preset.config))
    recipes = [run_of(preset.config) for preset in RECIPES]
    named = [reference.words for reference in references_of(recipes)]
    assert len(named) == len(set(named))


def test_that_a_last_epoch_that_nothing_chose_is_called_so() -> None:
    none = {"val_loss": None, "val_top1": None, "val_top5": None}
    rows = [replace(row, **none) for row in locked_rows(ended=False)]
    rows[-1] = replace(rows[-1], test_loss=1.65, test_top1=43.0, test_top5=64.0)
    run = run_of(TrainConfig(epochs=len(rows), test="at_end"))
    words = method_of(dataclasses.replace(run, rows=tuple(rows)))
    assert "The figures are of the last epoch, which nothing chose" in words
    assert "the test pictures were looked at once, when the run ended" in words
    assert "selected on the set" not in words
