"""The works that runs rest on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from cifar_studio.config.experiment.experiment import Experiment
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.folder.library import Run


@dataclass(frozen=True)
class Reference:
    """A work.

    Attributes
    ----------
    words : str
        Authors, title, place and year.
    address : str
        Where it is read; empty where there is none that lasts.
    """

    words: str
    address: str = ""


def references_of(runs: Sequence[Run]) -> tuple[Reference, ...]:
    """What a text about these runs has to name, in the order of the methods paragraph."""
    return tuple(_REFERENCES[key] for key in dict.fromkeys(_keys(runs)))


def references_of_experiment(
    experiment: Experiment, runs: Sequence[Run], *, has_importance: bool
) -> tuple[Reference, ...]:
    """What a text about an experiment and these runs of it has to name."""
    keys = [*_keys_of_search(experiment, has_importance)] if experiment.kind == "search" else []
    if experiment.kind == "folds":
        keys.append("folds")
    works = (_REFERENCES[key] for key in keys)
    return (*works, *references_of(runs))


def _keys_of_search(experiment: Experiment, has_importance: bool) -> Iterator[str]:
    is_optuna = experiment.method == "tpe" or experiment.pruning != "none" or has_importance
    used = {
        "halton": experiment.method == "random",
        "tpe": experiment.method == "tpe",
        "hyperband": experiment.pruning == "hyperband",
        "importance": has_importance,
        "optuna": is_optuna,
    }
    yield from (key for key, is_used in used.items() if is_used)


def _keys(runs: Sequence[Run]) -> Iterator[str]:
    for run in runs:
        yield from _WORKS_OF.get(run.config.architecture, (run.config.architecture,))
    for run in runs:
        if run.config.dropout_rate:
            yield "dropout"
        if run.environment is None or not run.environment.data.is_demo:
            yield "cifar"
    for key, is_used in _USES.items():
        if any(is_used(run.config) for run in runs):
            yield key
    if runs:
        yield from ("calibration", "torch", "report")


_USES: dict[str, Callable[[TrainConfig], object]] = {
    "trivialaugment": lambda config: config.auto_augment == "trivialaugment",
    "randaugment": lambda config: config.auto_augment == "randaugment",
    "cutout": lambda config: config.cutout,
    "random_erasing": lambda config: config.random_erasing,
    "mixup": lambda config: config.mixing in ("mixup", "mixup or cutmix"),
    "cutmix": lambda config: config.mixing in ("cutmix", "mixup or cutmix"),
    "sgd": lambda config: True,
    "label_smoothing": lambda config: config.label_smoothing,
    "warmup": lambda config: config.warmup_epochs,
    "cosine": lambda config: config.schedule == "cosine",
    "one-cycle": lambda config: config.schedule == "one-cycle",
    "sam": lambda config: config.sam_rho,
    "averaging": lambda config: config.weight_averaging,
    "averaged_networks": lambda config: config.weight_averaging,
    "early_stopping": lambda config: config.early_stopping != "off",
}
"""Which works a config rests on, in the order of the paragraph."""

_WORKS_OF = {"vgg11_bn": ("vgg11", "batch_normalisation")}
"""The works behind a network, by their keys, where it is not one of its own name."""

_REFERENCES = {
    "resnet18": Reference(
        "K. He, X. Zhang, S. Ren, J. Sun. Deep Residual Learning for Image Recognition. CVPR, "
        "2016.",
        "https://arxiv.org/abs/1512.03385",
    ),
    "mobilenet_v2": Reference(
        "M. Sandler, A. Howard, M. Zhu, A. Zhmoginov, L.-C. Chen. MobileNetV2: Inverted Residuals "
        "and Linear Bottlenecks. CVPR, 2018.",
        "https://arxiv.org/abs/1801.04381",
    ),
    "vgg11": Reference(
        "K. Simonyan, A. Zisserman. Very Deep Convolutional Networks for Large-Scale Image "
        "Recognition. ICLR, 2015.",
        "https://arxiv.org/abs/1409.1556",
    ),
    "batch_normalisation": Reference(
        "S. Ioffe, C. Szegedy. Batch Normalization: Accelerating Deep Network Training by Reducing "
        "Internal Covariate Shift. ICML, 2015.",
        "https://arxiv.org/abs/1502.03167",
    ),
    "densenet161": Reference(
        "G. Huang, Z. Liu, L. van der Maaten, K. Q. Weinberger. Densely Connected Convolutional "
        "Networks. CVPR, 2017.",
        "https://arxiv.org/abs/1608.06993",
    ),
    "dropout": Reference(
        "N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever, R. Salakhutdinov. Dropout: A "
        "Simple Way to Prevent Neural Networks from Overfitting. JMLR 15, 2014.",
        "https://jmlr.org/papers/v15/srivastava14a.html",
    ),
    "cifar": Reference(
        "A. Krizhevsky. Learning Multiple Layers of Features from Tiny Images. Technical report, "
        "University of Toronto, 2009.",
        "https://www.cs.toronto.edu/~kriz/learning-features-2009-TR.pdf",
    ),
    "sgd": Reference(
        "I. Sutskever, J. Martens, G. Dahl, G. Hinton. On the importance of initialization and "
        "momentum in deep learning. ICML, 2013.",
        "https://proceedings.mlr.press/v28/sutskever13.html",
    ),
    "trivialaugment": Reference(
        "S. G. Müller, F. Hutter. TrivialAugment: Tuning-free Yet State-of-the-Art Data "
        "Augmentation. ICCV, 2021.",
        "https://arxiv.org/abs/2103.10158",
    ),
    "randaugment": Reference(
        "E. D. Cubuk, B. Zoph, J. Shlens, Q. V. Le. RandAugment: Practical Automated Data "
        "Augmentation with a Reduced Search Space. CVPR Workshops, 2020.",
        "https://arxiv.org/abs/1909.13719",
    ),
    "cutout": Reference(
        "T. DeVries, G. W. Taylor. Improved Regularization of Convolutional Neural Networks with "
        "Cutout. arXiv, 2017.",
        "https://arxiv.org/abs/1708.04552",
    ),
    "random_erasing": Reference(
        "Z. Zhong, L. Zheng, G. Kang, S. Li, Y. Yang. Random Erasing Data Augmentation. AAAI, "
        "2020.",
        "https://arxiv.org/abs/1708.04896",
    ),
    "mixup": Reference(
        "H. Zhang, M. Cisse, Y. N. Dauphin, D. Lopez-Paz. mixup: Beyond Empirical Risk "
        "Minimization. ICLR, 2018.",
        "https://arxiv.org/abs/1710.09412",
    ),
    "cutmix": Reference(
        "S. Yun, D. Han, S. J. Oh, S. Chun, J. Choe, Y. Yoo. CutMix: Regularization Strategy to "
        "Train Strong Classifiers with Localizable Features. ICCV, 2019.",
        "https://arxiv.org/abs/1905.04899",
    ),
    "label_smoothing": Reference(
        "C. Szegedy, V. Vanhoucke, S. Ioffe, J. Shlens, Z. Wojna. Rethinking the Inception "
        "Architecture for Computer Vision. CVPR, 2016.",
        "https://arxiv.org/abs/1512.00567",
    ),
    "warmup": Reference(
        "P. Goyal, P. Dollár, R. Girshick and others. Accurate, Large Minibatch SGD: Training "
        "ImageNet in 1 Hour. arXiv, 2017.",
        "https://arxiv.org/abs/1706.02677",
    ),
    "cosine": Reference(
        "I. Loshchilov, F. Hutter. SGDR: Stochastic Gradient Descent with Warm Restarts. ICLR, "
        "2017.",
        "https://arxiv.org/abs/1608.03983",
    ),
    "one-cycle": Reference(
        "L. N. Smith, N. Topin. Super-Convergence: Very Fast Training of Neural Networks Using "
        "Large Learning Rates. SPIE Artificial Intelligence and Machine Learning for Multi-Domain "
        "Operations Applications, 2019.",
        "https://arxiv.org/abs/1708.07120",
    ),
    "sam": Reference(
        "P. Foret, A. Kleiner, H. Mobahi, B. Neyshabur. Sharpness-Aware Minimization for "
        "Efficiently Improving Generalization. ICLR, 2021.",
        "https://arxiv.org/abs/2010.01412",
    ),
    "averaging": Reference(
        "B. T. Polyak, A. B. Juditsky. Acceleration of Stochastic Approximation by Averaging. SIAM "
        "Journal on Control and Optimization 30, 1992.",
        "https://doi.org/10.1137/0330046",
    ),
    "averaged_networks": Reference(
        "P. Izmailov, D. Podoprikhin, T. Garipov, D. Vetrov, A. G. Wilson. Averaging Weights Leads "
        "to Wider Optima and Better Generalization. UAI, 2018.",
        "https://arxiv.org/abs/1803.05407",
    ),
    "early_stopping": Reference(
        "L. Prechelt. Early Stopping - But When? Neural Networks: Tricks of the Trade, Springer, "
        "1998.",
        "https://doi.org/10.1007/3-540-49430-8_3",
    ),
    "halton": Reference(
        "J. H. Halton. On the efficiency of certain quasi-random sequences of points in evaluating "
        "multi-dimensional integrals. Numerische Mathematik 2, 1960.",
        "https://doi.org/10.1007/BF01386213",
    ),
    "tpe": Reference(
        "J. Bergstra, R. Bardenet, Y. Bengio, B. Kégl. Algorithms for Hyper-Parameter "
        "Optimization. NIPS, 2011.",
        "https://papers.nips.cc/paper/2011/hash/86e8f7ab32cfd12577bc2619bc635690-Abstract.html",
    ),
    "hyperband": Reference(
        "L. Li, K. Jamieson, G. DeSalvo, A. Rostamizadeh, A. Talwalkar. Hyperband: A Novel "
        "Bandit-Based Approach to Hyperparameter Optimization. JMLR 18, 2018.",
        "https://jmlr.org/papers/v18/16-558.html",
    ),
    "optuna": Reference(
        "T. Akiba, S. Sano, T. Yanase, T. Ohta, M. Koyama. Optuna: A Next-generation "
        "Hyperparameter Optimization Framework. KDD, 2019.",
        "https://arxiv.org/abs/1907.10902",
    ),
    "importance": Reference(
        "S. Watanabe, A. Bansal, F. Hutter. PED-ANOVA: Efficiently Quantifying Hyperparameter "
        "Importance in Arbitrary Subspaces. IJCAI, 2023.",
        "https://arxiv.org/abs/2304.10255",
    ),
    "folds": Reference(
        "C. Nadeau, Y. Bengio. Inference for the Generalization Error. Machine Learning 52, 2003.",
        "https://doi.org/10.1023/A:1024068626366",
    ),
    "calibration": Reference(
        "C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger. On Calibration of Modern Neural Networks. "
        "ICML, 2017.",
        "https://arxiv.org/abs/1706.04599",
    ),
    "torch": Reference(
        "J. Ansel and others. PyTorch 2: Faster Machine Learning Through Dynamic Python Bytecode "
        "Transformation and Graph Compilation. ASPLOS, 2024.",
        "https://doi.org/10.1145/3620665.3640366",
    ),
    "report": Reference(
        "A. Kramer, S. Hussey. CIFAR100 Classification Models: ResNet18, MobileNetV2, VGG11, and "
        "DenseNet. DS5220 Supervised Machine Learning, Northeastern University, 2024."
    ),
}
