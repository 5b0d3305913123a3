"""What a run answered, as tables: scores of classes, the confusion matrix, every prediction."""

from __future__ import annotations

import numpy as np

from cifar_studio.data.names import ClassNames
from cifar_studio.export.tables.sheet import Cell, PlainTable
from cifar_studio.runs.analysis.confusion_cells import Level
from cifar_studio.runs.analysis.metrics import class_scores, most_confused, to_superclasses
from cifar_studio.runs.folder.evaluation import Evaluation

_SHARE = "{:.4f}"


def class_table(evaluation: Evaluation, names: ClassNames, level: Level) -> PlainTable:
    """Precision, recall and F1, 0 to 1, and pictures of each class; undefined ones are empty."""
    confusion = evaluation.confusion
    titles = names.class_titles
    if level == "superclasses":
        confusion = to_superclasses(confusion, names.superclass_of)
        titles = names.superclass_titles
    scores = class_scores(confusion)
    rows: list[tuple[Cell, ...]] = []
    for place, title in enumerate(titles):
        words: tuple[Cell, ...] = (title,)
        if level == "classes":
            words += (names.superclass_titles[int(names.superclass_of[place])],)
        figures = (scores.precision[place], scores.recall[place], scores.f1[place])
        rows.append((*words, *map(float, figures), int(scores.support[place])))
    heads = ("Class", "Superclass") if level == "classes" else ("Superclass",)
    header = (*heads, "Precision", "Recall", "F1", "Pictures")
    forms = {"Precision": _SHARE, "Recall": _SHARE, "F1": _SHARE}
    return PlainTable(f"Scores of the {level}", header, rows, forms)


def confusion_table(evaluation: Evaluation, names: ClassNames, level: Level) -> PlainTable:
    """Counts, a row a true class and a column an answer, superclass by superclass."""
    if level == "superclasses":
        confusion = to_superclasses(evaluation.confusion, names.superclass_of)
        order: tuple[int, ...] = tuple(range(len(confusion)))
        titles = names.superclass_titles
    else:
        confusion, order, titles = evaluation.confusion, names.by_superclass, names.class_titles
    header = ("True class", *(titles[place] for place in order))
    rows: list[tuple[Cell, ...]] = [
        (titles[row], *(int(confusion[row, column]) for column in order)) for row in order
    ]
    return PlainTable(f"Confusion of the {level}", header, rows)


def mistake_table(evaluation: Evaluation, names: ClassNames, n: int) -> PlainTable:
    """The `n` most frequent mistakes: classes, how often, and per cent of the class's pictures."""
    confusion, titles = evaluation.confusion, names.class_titles
    shown = confusion.sum(axis=1)
    rows: list[tuple[Cell, ...]] = [
        (
            titles[true],
            titles[said],
            "yes" if names.superclass_of[true] == names.superclass_of[said] else "no",
            count,
            100.0 * count / int(shown[true]),
        )
        for true, said, count in most_confused(confusion, n)
    ]
    header = ("True class", "Answer", "Same superclass", "Pictures", "% of the class")
    return PlainTable("Most frequent mistakes", header, rows, {"% of the class": "{:.1f}"})


def prediction_table(evaluation: Evaluation, names: ClassNames) -> PlainTable:
    """A row a test picture: its class, and the five likeliest ones with their probabilities."""
    header = ["Picture", "True class", "Answer", "Right"]
    for rank in range(1, 6):
        header += [f"Likely {rank}", f"Probability {rank}"]
    forms = {f"Probability {rank}": _SHARE for rank in range(1, 6)}
    titles = names.class_titles
    rows: list[tuple[Cell, ...]] = []
    given = np.take_along_axis(
        evaluation.probabilities, evaluation.top5.astype(np.int64), axis=1
    ).astype(np.float64)
    for place, index in enumerate(evaluation.indices.tolist()):
        true, said = int(evaluation.true[place]), int(evaluation.predicted[place])
        likely: list[Cell] = []
        for label, probability in zip(evaluation.top5[place], given[place], strict=True):
            likely += [titles[int(label)], float(probability)]
        right = "yes" if true == said else "no"
        rows.append((index, titles[true], titles[said], right, *likely))
    return PlainTable("Answers to the test pictures", tuple(header), rows, forms)
