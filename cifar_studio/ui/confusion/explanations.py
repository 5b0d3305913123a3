"""What the numbers of the Confusion tab mean, in one to three sentences each."""

from __future__ import annotations

EXPLANATIONS: dict[str, tuple[str, str]] = {
    "cell": (
        "A cell of the matrix",
        "How many test pictures of the row's class were answered with the column's class, the "
        "network's likeliest one. Per cent are of the row's pictures, so each row adds up to "
        "100 %; the diagonal holds the right answers.",
    ),
    "difference": (
        "A minus B",
        "The cell's count for run A less that for run B, over the test pictures that both were "
        "tested on. On the diagonal plus is good for A; beside it plus means that A makes this "
        "mistake more often. Each row adds up to zero.",
    ),
    "top1": (
        "Top-1 accuracy",
        "Per cent of the test pictures whose true class is the network's likeliest one. "
        "Guessing gives 1 %.",
    ),
    "top5": (
        "Top-5 accuracy",
        "Per cent of the test pictures whose true class is among the network's five likeliest "
        "ones. Guessing gives 5 %.",
    ),
    "superclass": (
        "Superclass accuracy",
        "Per cent of the test pictures whose likeliest class belongs to the true class's "
        "superclass, whether or not it is the class itself. The network is not trained on "
        "superclasses. Guessing gives 5 %.",
    ),
    "inside": (
        "Mistakes inside the superclass",
        "Of all wrong answers, the per cent that name another class of the same superclass. "
        "If mistakes fell evenly on the 99 other classes it would be 4 in 99, 4.04 %.",
    ),
    "class": (
        "Class",
        "One of the data set's 100 classes, each with the same number of test pictures in the "
        "complete set; five classes make a superclass.",
    ),
    "superclasses": (
        "Superclass",
        "A group of five classes. An answer counts as right here if it names any class of the "
        "superclass.",
    ),
    "precision": (
        "Precision",
        "Of all answers with this class, the share that is right. It is undefined, and shown as "
        "a dash, for a class that is never said.",
    ),
    "recall": (
        "Recall",
        "Of all pictures of this class, the share that is recognised. It is undefined for a class "
        "without test pictures.",
    ),
    "f1": (
        "F1",
        "The harmonic mean of precision and recall: twice the right answers, divided by the "
        "class's pictures plus the answers with this class.",
    ),
    "support": (
        "n",
        "Test pictures of this class among those that were evaluated.",
    ),
    "confused": (
        "Most confused",
        "The cells beside the diagonal with the highest counts: pictures of the first class that "
        "were answered with the second one. Of equal counts the lower class number comes first.",
    ),
    "share": (
        "Per cent of the class",
        "The mistake's count divided by the test pictures of the class that was shown.",
    ),
    "calibration": (
        "Calibration",
        "Answers are sorted into 15 bins by the probability of the answer given; a probability "
        "on a bin's edge counts to the bin below. The expected calibration error is the mean "
        "over the pictures of the gap between a bin's share of right answers and its mean "
        "probability, the maximum error the largest gap (Guo et al. 2017).",
    ),
    "disagreement": (
        "Where the runs disagree",
        "Test pictures that both runs were tested on, by which of them named the true class as "
        "the likeliest one.",
    ),
}
