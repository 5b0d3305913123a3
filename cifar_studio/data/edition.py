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
    """What a copy of the data set must be, so that it is taken for the data set.

    Attributes
    ----------
    name : str
        What every view and file calls it.
    members : tuple of Member
        The files train, test and meta of the python version.
    archive : Member
        The archive that the publisher offers. Archives packed otherwise are taken as well.
    train_count, test_count : int
        Pictures in each split.
    digest : str
        `digest.digest_of` both splits.
    class_names, superclass_names : tuple of str
    superclass_of : tuple of int
        Superclass number of each class.
    """

    name: str
    members: tuple[Member, ...]
    archive: Member
    train_count: int
    test_count: int
    digest: str
    class_names: tuple[str, ...]
    superclass_names: tuple[str, ...]
    superclass_of: tuple[int, ...]

    def member(self, name: str) -> Member:
        """The member called `name`, which must be one of the three."""
        return next(member for member in self.members if member.name == name)


_CLASS_NAMES = tuple(
    """
    apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus
    butterfly camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch
    crab crocodile cup dinosaur dolphin elephant flatfish forest fox girl hamster house kangaroo
    keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain
    mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain
    plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk
    skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone
    television tiger tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm
    """.split()
)

_SUPERCLASS_NAMES = tuple(
    """
    aquatic_mammals fish flowers food_containers fruit_and_vegetables
    household_electrical_devices household_furniture insects large_carnivores
    large_man-made_outdoor_things large_natural_outdoor_scenes large_omnivores_and_herbivores
    medium_mammals non-insect_invertebrates people reptiles small_mammals trees vehicles_1
    vehicles_2
    """.split()
)

_SUPERCLASS_OF = tuple(
    int(number)
    for number in """
    4 1 14 8 0 6 7 7 18 3 3 14 9 18 7 11 3 9 7 11 6 11 5 10 7 6 13 15 3 15 0 11 1 10 12 14 16 9
    11 5 5 19 8 8 15 13 14 17 18 10 16 4 17 4 2 0 17 4 18 17 10 3 2 12 12 16 12 1 9 19 2 10 0 1
    16 12 9 13 15 13 16 19 2 4 6 19 5 5 8 19 18 1 2 15 6 0 17 8 14 13
    """.split()
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
    archive=Member(
        "cifar-100-python.tar.gz", 169_001_437, "eb9058c3a382ffc7106e4002c42a8d85", ""
    ),
    train_count=50_000,
    test_count=10_000,
    digest="b41e29387b788506ced6a48cea527c65d6387e1598add60c84d6995abf0b21fa",
    class_names=_CLASS_NAMES,
    superclass_names=_SUPERCLASS_NAMES,
    superclass_of=_SUPERCLASS_OF,
)
