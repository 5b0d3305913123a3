"""What follows an experiment: its winner, on all training pictures, tested once."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from cifar_studio.config.experiment.experiment import Experiment, planned_parameters, settled
from cifar_studio.errors import BadInputError
from cifar_studio.runs.experiment.experiment_folder import ExperimentState, create
from cifar_studio.runs.experiment.follow_up import follow_up
from cifar_studio.runs.experiment.results import best_trial
from cifar_studio.runs.experiment.same_question import found_or_created
from cifar_studio.runs.experiment.standing import steps, winner_name
from cifar_studio.runs.experiment.trials import Planned
from experiment_support import CONFIG, end, make_folds, make_search, make_seeds, search


def searched(home: Path, **changes: object) -> ExperimentState:
    return make_search(home, config=replace(CONFIG, **changes)).read()


def test_that_the_winner_gets_the_held_out_pictures_and_one_look_at_the_test_set(
    home: Path,
) -> None:
    state = searched(home)
    best = best_trial(state.trials, state.experiment)
    assert best is not None
    followed = follow_up(state, 3)
    config = followed.config
    assert (followed.kind, followed.seeds, followed.follows) == ("seeds", 3, state.name)
    assert (config.train_per_class, config.validation_per_class) == (500, 0)
    assert (config.test, config.epochs) == ("at_end", CONFIG.epochs)
    for key, value in best.parameters.items():
        assert getattr(config, key) == value
    assert followed.runs == state.experiment.runs
    assert winner_name(state) == "first search-winner"


def test_that_trials_that_stopped_early_give_their_winner_its_best_epoch(home: Path) -> None:
    state = searched(home, early_stopping="val_loss", schedule="cosine")
    best = best_trial(state.trials, state.experiment)
    assert best is not None
    config = follow_up(state, 1).config
    assert config.early_stopping == "off"
    assert config.epochs == best.parts[0].best_epoch
    assert config.scheduled_epochs == CONFIG.epochs


def test_that_a_rate_that_follows_the_validation_loss_keeps_a_tenth(home: Path) -> None:
    config = follow_up(searched(home, schedule="plateau"), 1).config
    assert (config.train_per_class, config.validation_per_class) == (450, 50)
    assert config.test == "at_end"


def test_that_a_search_by_folds_is_followed_without_any(home: Path) -> None:
    state = make_search(home, trials=6, folds=3).read()
    config = follow_up(state, 1).config
    assert (config.folds, config.fold, config.validation_per_class) == (0, 1, 0)
    assert config.train_per_class == state.experiment.config.train_per_class


def test_that_folds_are_followed_for_their_mean_best_epoch(home: Path) -> None:
    state = make_folds(home).read()
    best = [trial.parts[0].best_epoch for trial in state.trials]
    config = follow_up(state, 2).config
    assert config.epochs == int(sum(best) / len(best) + 0.5)
    assert (config.folds, config.test) == (0, "at_end")


def test_that_nothing_follows_what_has_no_winner(home: Path) -> None:
    with pytest.raises(BadInputError, match="kind seeds, which has no winner"):
        follow_up(make_seeds(home).read(), 1)
    asked = settled(Experiment(kind="folds", config=CONFIG, folds=2, runs=str(home)))
    planned = [Planned(trial=n, parameters=p) for n, p in enumerate(planned_parameters(asked), 1)]
    with pytest.raises(BadInputError, match="no trial of new has finished"):
        follow_up(create(home, "new", asked, planned).read(), 1)


def test_that_a_trial_that_failed_does_not_win(home: Path) -> None:
    asked = replace(search(trials=1), runs=str(home))
    plan = Planned(
        trial=1,
        parameters={
            axis.key: axis.at(0) if axis.is_range else axis.values[0] for axis in asked.axes
        },
    )
    folder = create(home, "one", asked, [plan])
    end(folder, asked, plan)  # the last one fails
    with pytest.raises(BadInputError, match="has finished with a figure"):
        follow_up(folder.read(), 1)


def test_that_more_seeds_of_a_winner_are_the_same_experiment_with_more_to_do(home: Path) -> None:
    state = searched(home)
    parent = state.path.parent
    two = found_or_created(parent, winner_name(state), follow_up(state, 2))
    three = found_or_created(parent, winner_name(state), follow_up(state, 3))
    assert three.path == two.path
    assert three.read_experiment().seeds == 3, "what was trained is not trained again"
    one = found_or_created(parent, winner_name(state), follow_up(state, 1))
    assert (one.path, one.read_experiment().seeds) == (two.path, 3)
    assert "finish" not in steps(state, "finished"), "the test set is looked at once"
    other = replace(follow_up(state, 2), seed=7)
    assert found_or_created(parent, winner_name(state), other).path != two.path


def test_that_seeds_in_another_order_are_not_taken_for_the_first_ones(home: Path) -> None:
    experiment = Experiment(kind="seeds", config=CONFIG, seeds=2)
    lines = [Planned(trial=1, parameters={"seed": 5}), Planned(trial=2, parameters={"seed": 9})]
    parent = home / "experiments"
    chosen = found_or_created(parent, "seeds", experiment, lines)
    more = found_or_created(parent, "seeds", replace(experiment, seeds=3))
    assert more.path != chosen.path
