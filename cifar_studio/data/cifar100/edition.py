"""The published edition of CIFAR-100: sums of its files, names of its classes.

Facts only; reading is done elsewhere. A test makes a tiny `Edition` of its own in place of this.
"""

from __future__ import annotations

from dataclasses import dataclass

from cifar_studio.data.dataset import CIFAR100

BYTES_PER_PICTURE = 3072  # 1024 red, 1024 green, 1024 blue
BINARY_RECORD = 2 + BYTES_PER_PICTURE  # superclass, class, pixels

PYTHON_FOLDER, BINARY_FOLDER = "cifar-100-python", "cifar-100-binary"


@dataclass(frozen=True)
class Member:
    """One published file and its sums, in hexadecimal digits."""

    name: str
    size_bytes: int
    md5: str
    sha256: str


@dataclass(frozen=True)
class Edition:
    """What a copy of the data set must be, so that it is taken for the data set."""

    name: str  # what every view and file calls it
    members: tuple[Member, ...]  # the files train, test and meta of the python version
    archive: Member  # that the publisher offers; ones that are packed otherwise are taken as well
    train_count: int  # pictures in the split
    test_count: int
    digest: str  # `dataset.digest_of` both splits
    class_names: tuple[str, ...]
    superclass_names: tuple[str, ...]
    superclass_of: tuple[int, ...]  # superclass number of each class

    def member(self, name: str) -> Member:
        """The member called `name`, which must be one of the three."""
        return next(member for member in self.members if member.name == name)


# The publisher numbers superclasses in this order, and classes by the alphabet.
_CLASSES_OF_SUPERCLASSES = """
aquatic_mammals: beaver dolphin otter seal whale
fish: aquarium_fish flatfish ray shark trout
flowers: orchid poppy rose sunflower tulip
food_containers: bottle bowl can cup plate
fruit_and_vegetables: apple mushroom orange pear sweet_pepper
household_electrical_devices: clock keyboard lamp telephone television
household_furniture: bed chair couch table wardrobe
insects: bee beetle butterfly caterpillar cockroach
large_carnivores: bear leopard lion tiger wolf
large_man-made_outdoor_things: bridge castle house road skyscraper
large_natural_outdoor_scenes: cloud forest mountain plain sea
large_omnivores_and_herbivores: camel cattle chimpanzee elephant kangaroo
medium_mammals: fox porcupine possum raccoon skunk
non-insect_invertebrates: crab lobster snail spider worm
people: baby boy girl man woman
reptiles: crocodile dinosaur lizard snake turtle
small_mammals: hamster mouse rabbit shrew squirrel
trees: maple_tree oak_tree palm_tree pine_tree willow_tree
vehicles_1: bicycle bus motorcycle pickup_truck train
vehicles_2: lawn_mower rocket streetcar tank tractor
"""

_CLASSES_OF = {
    superclass: classes.split()
    for superclass, classes in (
        line.split(": ") for line in _CLASSES_OF_SUPERCLASSES.strip().splitlines()
    )
}
_SUPERCLASS_NAMES = tuple(_CLASSES_OF)
_CLASS_NAMES = tuple(sorted(name for classes in _CLASSES_OF.values() for name in classes))
_SUPERCLASS_OF = tuple(
    next(n for n, classes in enumerate(_CLASSES_OF.values()) if name in classes)
    for name in _CLASS_NAMES
)

PUBLISHED = Edition(
    name=CIFAR100,
    members=(
        Member(
            "train",
            155_249_918,
            "16019d7e3df5f24257cddd939b257f8d",
            "735e79b04f092ca3d2e6d07f368c0a7d70d48c48d28865950cc24454cf45129b",
        ),
        Member(
            "test",
            31_049_707,
            "f0ef6b0ae62326f3e7ffdfab6717acfc",
            "4b67687d9933c4db8f0831104447f15b93774f4f464bd0516f0f0f2ac83b7864",
        ),
        Member(
            "meta",
            1_473,
            "7973b15100ade9c7d40fb424638fde48",
            "a5d4786345c961390f865e93b434dbd5c6904ce880667e0cb888c97d449f28b9",
        ),
    ),
    # The publisher gives this md5 alone; the members' sums are what decides.
    archive=Member("cifar-100-python.tar.gz", 169_001_437, "eb9058c3a382ffc7106e4002c42a8d85", ""),
    train_count=50_000,
    test_count=10_000,
    digest="b41e29387b788506ced6a48cea527c65d6387e1598add60c84d6995abf0b21fa",
    class_names=_CLASS_NAMES,
    superclass_names=_SUPERCLASS_NAMES,
    superclass_of=_SUPERCLASS_OF,
)
