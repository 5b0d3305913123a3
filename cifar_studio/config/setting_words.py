"""Settings as a person says them."""

from __future__ import annotations


def setting_in_words(key: str, value: object) -> str:
    """A setting in a few words: "10 epochs", "batch size 64", "Nesterov momentum"."""
    if key in _AMOUNTS:
        return _AMOUNTS[key].format(value)
    if key in _COUNTS:
        one, many = _COUNTS[key]
        return f"1 {one}" if value == 1 else f"{value} {many}"
    if key in _SWITCHES:
        on, off = _SWITCHES[key]
        return on if value else off
    if key == "stem":
        return "first layers for 32x32" if value == "cifar" else "first layers as published"
    if key == "dropout":
        return "standard dropout" if value is None else f"dropout {value:g}"
    if key == "dropout_sites":
        return "dropout after blocks" if value == "blocks" else "dropout before the classifier"
    return f"{key.replace('_', ' ')} {value}"


_AMOUNTS = {
    "learning_rate": "learning rate {:g}",
    "momentum": "momentum {:g}",
    "weight_decay": "weight decay {:g}",
}
_COUNTS = {
    "epochs": ("epoch", "epochs"),
    "train_per_class": ("training picture a class", "training pictures a class"),
    "test_per_class": ("test picture a class", "test pictures a class"),
    "validation_per_class": ("validation picture a class", "validation pictures a class"),
}
_SWITCHES = {
    "nesterov": ("Nesterov momentum", "no Nesterov momentum"),
    "random_crop": ("random crop", "no random crop"),
    "horizontal_flip": ("mirror images", "no mirror images"),
    "deterministic": ("deterministic algorithms", "no deterministic algorithms"),
    "specialize": ("network rewritten for 32x32", "network not rewritten for 32x32"),
}
