"""The answer of `cifar-studio data repeats`, as text and as JSON."""

from __future__ import annotations

from collections import Counter
from typing import Any

from cifar_studio.cli.output.progress_bar import progress_bar
from cifar_studio.data.cifar100.source import load_dataset
from cifar_studio.data.dataset import Dataset
from cifar_studio.data.repeats.find_repeats import Repeats
from cifar_studio.data.repeats.kept_repeats import repeats_of
from cifar_studio.terminal import as_json, print_result


def list_repeats(data: str, *, json: bool) -> None:
    """Print the pairs that are kept, else look for them with a progress bar. Raises StudioError."""
    dataset = load_dataset(data)
    with progress_bar("comparing pictures") as update:
        steps = repeats_of(dataset)
        while True:
            try:
                done, total = next(steps)
            except StopIteration as ended:
                repeats: Repeats = ended.value
                break
            update(completed=done, total=total)
    pairs = [_as_object(dataset, repeats, row) for row in range(len(repeats))]
    print_result(as_json(pairs) if json else "\n".join([*map(_as_line, pairs), _total(pairs)]))


def _as_object(dataset: Dataset, repeats: Repeats, row: int) -> dict[str, Any]:
    first, second = (_name(dataset, int(place)) for place in repeats.pairs_P2[row])
    kind = "mirrored" if repeats.mirrored_P[row] else "near"
    return {
        "kind": "identical" if repeats.identical_P[row] else kind,
        "likeness": round(float(repeats.likeness_P[row]), 4),
        "first": first,
        "second": second,
    }


def _name(dataset: Dataset, place: int) -> dict[str, Any]:
    is_test = place >= len(dataset.train)
    split = dataset.test if is_test else dataset.train
    index = place - len(dataset.train) if is_test else place
    return {
        "split": "test" if is_test else "train",
        "index": index,
        "class": dataset.class_names[int(split.labels_N[index])],
    }


def _as_line(pair: dict[str, Any]) -> str:
    words = [f"{pair['kind']:9}  {pair['likeness']:.4f}"]
    for picture in (pair["first"], pair["second"]):
        words.append(f"{picture['split']:5} {picture['index']:>5}  {picture['class']:13}")
    return "  ".join(words).rstrip()


def _total(pairs: list[dict[str, Any]]) -> str:
    kinds = Counter(pair["kind"] for pair in pairs)
    across = sum(pair["first"]["split"] != pair["second"]["split"] for pair in pairs)
    return (
        f"{len(pairs):,} pairs: {kinds['identical']} identical, {kinds['mirrored']} mirrored, "
        f"{kinds['near']} nearly the same; {across} with one picture in each split"
    )
