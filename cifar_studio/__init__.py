"""CIFAR Studio: train and understand convolutional networks on CIFAR-100."""

__version__ = "0.2.0"
