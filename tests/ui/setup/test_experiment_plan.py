"""What an experiment of the form comes to: trials, time, and what a setting is offered."""

from __future__ import annotations

import datetime
import itertools
import time

import pytest
from pytestqt.qtbot import QtBot

from cifar_studio.config.check import check
from cifar_studio.config.experiment.axis import FIXED, Axis
from cifar_studio.config.experiment.experiment import Experiment, settled
from cifar_studio.config.presets import PRESETS, preset
from cifar_studio.config.settings import SETTINGS
from cifar_studio.runner.training.speeds import Speed, SpeedBook
from cifar_studio.ui.setup.axis_offers import offered_words, read_axis
from cifar_studio.ui.setup.experiment_plan import planned_configs
from cifar_studio.ui.setup.setup_panel import SetupPanel
from form_support import fork, shown_text, type_into

FAST = Speed(1000.0, 3000.0, 900.0, is_rough=False)


def test_that_time_is_the_mean_of_trials_that_differ(form: SetupPanel, book: SpeedBook) -> None:
    for name, speed in (("resnet18", 1000.0), ("vgg11", 500.0)):
        config = preset("quick-look").config
        book.remember(
            type(config)(**{**as_dict(config), "architecture": name}),
            Speed(speed, 1e9, 900.0, is_rough=False),
        )
    form.show_experiment_values(
        {
            "mode": "experiment",
            "method": "grid",
            "trials": None,
            "vary": {"architecture": "resnet18,vgg11", "epochs": "5, 10"},
        }
    )
    pictures = 9000
    expected = sum(
        epochs * pictures / speed for epochs, speed in itertools.product((5, 10), (1000, 500))
    )
    assert form.expected_seconds() == pytest.approx(expected, rel=1e-3)
    assert "2 × 2 = 4 trials, about 7 min here" in shown_text(form)
    end = datetime.datetime.now() + datetime.timedelta(seconds=expected)
    assert f"ends about {end:%H}:" in shown_text(form)


def test_that_hours_bound_the_trials(qtbot: QtBot, form: SetupPanel, book: SpeedBook) -> None:
    book.remember(preset("quick-look").config, Speed(10.0, 1e9, 900.0, is_rough=False))
    fork(form, "Momentum").click()
    type_into(qtbot, form, "Experiment, Hours", "5")
    assert "About 2 of 20 trials, about 5 h here" in shown_text(form)
    type_into(qtbot, form, "Experiment, Trials", "")
    assert "About 2 trials, about 5 h here" in shown_text(form)


def test_that_a_speed_that_is_not_known_is_asked_for_one_network_at_a_time(
    form: SetupPanel, book: SpeedBook
) -> None:
    book.remember(preset("quick-look").config, FAST)
    fork(form, "Architecture").click()
    assert form.expected_seconds() is None
    assert "time on this machine: not measured yet" in shown_text(form)
    requested = form._costs._requested
    assert requested is not None
    assert book.lookup(requested) is None


def test_that_points_of_a_random_search_are_evenly_drawn() -> None:
    axes = (
        Axis(key="epochs", low=1, high=100),
        Axis(key="learning_rate", low=0.001, high=0.1, logarithmic=True),
        Axis(key="architecture", values=("resnet18", "vgg11")),
    )
    configs = planned_configs(Experiment(kind="search", axes=axes, trials=3))
    assert sum(config.epochs for config in configs) / len(configs) == pytest.approx(50.5, abs=3)
    both = [config.epochs > 50 and config.learning_rate > 0.01 for config in configs]
    assert 6 <= sum(both) <= 10, "about a quarter: the two do not rise together"
    assert sum(config.architecture == "vgg11" for config in configs) in (15, 16, 17)


@pytest.mark.parametrize("as_values", [True, False])
@pytest.mark.parametrize("name", PRESETS)
def test_that_every_offer_can_be_searched(name: str, as_values: bool) -> None:
    config = settled(Experiment(kind="search", config=preset(name).config)).config
    for key, setting in SETTINGS.items():
        if key in FIXED or not setting.counts(config):
            continue
        words = offered_words(setting, config, as_values=as_values)
        axis = read_axis(key, words, as_values=as_values)
        assert axis.is_range or len(axis.values) > 1
        if as_values and setting.bounds is not None:
            assert not axis.is_range
            values = {getattr(config, key)} - {None}
            assert values <= {*axis.values} or key in ("weight_averaging", "final_share"), key
        ends = (axis.at(0), axis.at(1)) if axis.is_range else axis.values
        if setting.kind == "switch" or key == "dropout_sites":
            continue  # both are offered in any case: what else they need is said
        faulty = [end for end in ends if check(replaced(config, key, end))]
        assert not faulty, (key, words)


def test_that_what_people_write_is_understood() -> None:
    def read(key: str, words: str, *, as_values: bool = False) -> Axis:
        return read_axis(key, words, as_values=as_values)

    values = Axis(key="momentum", values=(0.8, 0.9))
    assert read("momentum", "0.8, 0.9") == values
    assert read("momentum", "0,8; 0,9") == values
    expected = Axis(key="learning_rate", low=0.001, high=0.1)
    for words in ("0.001..0.1", "0,001..0,1", "0.001 to 0.1"):
        assert read("learning_rate", words) == expected
    assert read("dropout", "standard, 0.5") == Axis(key="dropout", values=(None, 0.5))
    assert read("epochs", "3..5", as_values=True) == Axis(key="epochs", values=(3, 4, 5))
    assert read("milestones", "2, 4; 3").values == ((2, 4), (3,))


def test_that_a_key_press_costs_less_than_ten_milliseconds(
    form: SetupPanel, book: SpeedBook
) -> None:
    book.remember(preset("quick-look").config, FAST)
    form.show_experiment_values(
        {
            "mode": "experiment",
            "vary": {
                "learning_rate": "0.001..0.1:log",
                "momentum": "0.8..0.95",
                "epochs": "5..20",
                "label_smoothing": "0, 0.1, 0.2",
            },
        }
    )
    assert form.expected_seconds() is not None
    fastest = min(timed(form) for _ in range(20))
    assert fastest < 0.010


def timed(form: SetupPanel) -> float:
    begun = time.perf_counter()
    form._check()
    return time.perf_counter() - begun


def as_dict(config: object) -> dict[str, object]:
    return {key: getattr(config, key) for key in config.__struct_fields__}  # type: ignore[attr-defined]


def replaced(config: object, key: str, value: object):
    return type(config)(**{**as_dict(config), key: value})
