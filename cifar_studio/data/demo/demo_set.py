"""The built-in demo set: 100 classes of drawn shapes, for a studio that has no CIFAR-100 yet.

It is made, not shipped: 60,000 pictures in a few seconds, the same bytes on every computer,
because pixels are integers throughout and chance comes from the raw words of PCG64, which NumPy
keeps for ever. Nothing in it is a photograph, and every name begins with "demo: ".
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from cifar_studio.data.dataset import CLASSES, DEMO, Dataset, Split, digest_of
from cifar_studio.data.demo.grid import TURN, Grid, Ints, cosine, sine
from cifar_studio.data.demo.shapes import KINDS

SIDE = 32
TRAIN_PER_CLASS, TEST_PER_CLASS = 500, 100
_WORDS = 32  # random words a picture, besides its noise
_SEED = 100_2009
_LABEL_STEP = 37  # neighbours in the set come from different superclasses
_FAR = 512  # units from an edge beyond which only the side matters
_HUES = 1536  # round the circle

PREFIX = "demo: "
CLASS_NAMES = tuple(PREFIX + shape for kind in KINDS for shape in kind.shapes)
SUPERCLASS_NAMES = tuple(PREFIX + kind.name for kind in KINDS)
SUPERCLASS_OF = np.arange(CLASSES, dtype=np.uint8) // 5


def make_demo() -> Dataset:
    """Draw the whole set: 50,000 training and 10,000 test pictures, evenly over 100 classes."""
    train = _empty_split(TRAIN_PER_CLASS)
    test = _empty_split(TEST_PER_CLASS)

    def draw(label: int) -> None:
        images_NCHW = draw_class(label, TRAIN_PER_CLASS + TEST_PER_CLASS)
        place = _place(label)
        train.images_NCHW[place::CLASSES] = images_NCHW[:TRAIN_PER_CLASS]
        test.images_NCHW[place::CLASSES] = images_NCHW[TRAIN_PER_CLASS:]

    with ThreadPoolExecutor() as pool:  # NumPy lets go of the interpreter's lock while it computes
        list(pool.map(draw, range(CLASSES)))
    for split in (train, test):
        split.images_NCHW.flags.writeable = split.labels_N.flags.writeable = False
    return Dataset(
        name=DEMO,
        source="built in",
        digest=digest_of(train, test),
        train=train,
        test=test,
        class_names=CLASS_NAMES,
        superclass_names=SUPERCLASS_NAMES,
        superclass_of=SUPERCLASS_OF,
    )


def draw_class(label: int, count: int) -> NDArray[np.uint8]:
    """The first `count` pictures of one class, (count, 3, 32, 32) uint8."""
    chance = np.random.PCG64(_SEED + label)
    words = _words(chance, count * _WORDS // 2).view("<u4").reshape(count, _WORDS).astype(np.int64)
    noise = _words(chance, count * 3 * SIDE * SIDE // 8).view(np.uint8)
    opacity = (100 + _pick(words[:, 12], 0, 28)).astype(np.int16)
    alpha = (_shape(label, words) * opacity[:, None, None] >> 7).astype(np.int16)
    return _paint(label, words, alpha, noise.reshape(count, 3, SIDE, SIDE))


def _empty_split(per_class: int) -> Split:
    labels_N = np.empty(per_class * CLASSES, dtype=np.uint8)
    for label in range(CLASSES):
        labels_N[_place(label) :: CLASSES] = label
    return Split(np.empty((len(labels_N), 3, SIDE, SIDE), dtype=np.uint8), labels_N)


def _place(label: int) -> int:
    """Where in each hundred of pictures a class stands."""
    return label * _LABEL_STEP % CLASSES


def _words(chance: np.random.PCG64, count: int) -> NDArray[np.uint64]:
    return np.asarray(chance.random_raw(count)).astype("<u8")


def _pick(word: NDArray[np.int64], low: int, high: int) -> Ints:
    """A number from `low` to `high`, both included, out of each random word."""
    return (low + (word * (high - low + 1) >> 32)).astype(np.int32)


def _bell(words: NDArray[np.int64], column: int, reach: int) -> Ints:
    """A number from -`reach` to `reach`, most often near 0."""
    total = _pick(words[:, column], -reach, reach) + _pick(words[:, column + 1], -reach, reach)
    return np.right_shift(total, 1)


def _shape(label: int, words: NDArray[np.int64]) -> NDArray[np.int16]:
    """How much of each pixel the shape covers, 0 to 127."""
    kind, variant = KINDS[label // 5], label % 5
    size = _pick(words[:, 0], 132, 196)  # 1/16 of a pixel: the radius
    turn = _pick(words[:, 1], -70, 70) if kind.upright else _pick(words[:, 1], 0, TURN - 1)
    shift_x, shift_y = _bell(words, 2, 44), _bell(words, 4, 44)  # 1/16 of a pixel
    squeeze = _pick(words[:, 6], 218, 256)  # 1/256: how narrow the shape is made
    mirror = 1 - 2 * _pick(words[:, 7], 0, 1)
    at = (np.arange(SIDE, dtype=np.int32) * 16 - 248)[None, :]
    c, s = cosine(turn)[:, None], sine(turn)[:, None]
    x, y = at - shift_x[:, None], at - shift_y[:, None]
    # 1024 (cosine) * 256 (radius in units) / (1024 * size) = 256 / size units for 1/16 of a pixel
    across = (256 * 256 // (size * squeeze // 256) * mirror)[:, None, None]
    along = (256 * 256 // size)[:, None, None]
    u = ((x * c)[:, None, :] + (y * s)[:, :, None] >> 10) * across >> 8
    v = ((y * c)[:, :, None] - (x * s)[:, None, :] >> 10) * along >> 8
    distance = np.clip(kind.draw(Grid(u, v), variant), -_FAR, _FAR)
    return np.clip(64 - (distance * (size * 127)[:, None, None] >> 12), 0, 127).astype(np.int16)


def _colour(hue: Ints, saturation: Ints, value: Ints) -> Ints:
    """(N, 3) red, green and blue, 0 to 255; hue in 1/1536 of the circle, the others 0 to 255."""
    angle = (hue[:, None] + np.array([0, 1024, 512], dtype=np.int32)) % _HUES
    pure = np.clip(np.abs(angle - 768) - 256, 0, 255)
    faded = 255 * 255 - saturation[:, None] * (255 - pure)
    return np.floor_divide(value[:, None] * faded, 255 * 255).astype(np.int32)


def _paint(
    label: int,
    words: NDArray[np.int64],
    alpha_NHW: NDArray[np.int16],
    noise_NCHW: NDArray[np.uint8],
) -> NDArray[np.uint8]:
    """Colour the shape and what is behind it, let light fall from one side, add noise.

    Hues lean on the superclass, widely spread, and little on the class: colour helps, does not
    decide, and mistakes stay mostly among the five shapes of one kind.
    """
    kind, variant = divmod(label, 5)
    back_hue = kind * 77 + _bell(words, 8, 260)
    front_hue = kind * 539 + 770 + variant * 60 + _bell(words, 10, 220)
    back_is_dark = _pick(words[:, 13], 0, 1)
    low, high = _pick(words[:, 14], 25, 110), _pick(words[:, 15], 165, 250)
    back = _colour(back_hue, _pick(words[:, 16], 30, 170), np.where(back_is_dark, low, high))
    front = _colour(
        front_hue, _pick(words[:, 17], 120, 255), np.where(back_is_dark, high, low + 30)
    )
    at = np.arange(SIDE, dtype=np.int32) * 2 - 31
    slope_x = (_bell(words, 18, 46)[:, None] * at >> 5)[:, None, :]
    slope_y = (_bell(words, 20, 46)[:, None] * at >> 5)[:, :, None]
    light = (128 + slope_x + slope_y).astype(np.int16)
    amount = _pick(words[:, 22], 6, 40).astype(np.int16)[:, None, None]
    images_NCHW = np.empty((len(words), 3, SIDE, SIDE), dtype=np.uint8)
    for channel in range(3):
        behind = back[:, channel].astype(np.int16)[:, None, None]
        step = (front[:, channel] - back[:, channel]).astype(np.int16)[:, None, None]
        value = behind + (step * alpha_NHW >> 7)
        value = (value.astype(np.int32) * light >> 7).astype(np.int16)
        value += (noise_NCHW[:, channel].astype(np.int16) - 128) * amount >> 7
        images_NCHW[:, channel] = np.clip(value, 0, 255)
    return images_NCHW
