"""What the back ends of Keras 3 share: how keras.layers.BatchNormalization is made, and its names."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from bnref.conformance.adapters._framework import Framework
from bnref.conformance.implementation import (
    Config,
    Conventions,
    Implementation,
    NotAnImplementation,
)

keras = Framework("keras")

NAMES = {
    "weight": "gamma",
    "bias": "beta",
    "running_mean": "moving_mean",
    "running_var": "moving_variance",
}
POLICIES = {"float16": "mixed_float16", "bfloat16": "mixed_bfloat16"}
"""Half inputs are computed on with variables in float32."""


def options(config: Config) -> dict[str, Any]:
    """What the layer is made with: its momentum is the weight of the old value."""
    if config.momentum is None or not config.track:
        raise NotImplementedError("the layer has neither momentum None nor a way not to track")
    numbers = {"momentum": 1 - config.momentum, "epsilon": config.eps}
    dtype = POLICIES.get(config.dtype, config.dtype)
    return numbers | {"center": config.affine, "scale": config.affine, "dtype": dtype}


def built(config: Config, options: dict[str, Any]) -> Any:
    """The layer, built for inputs of this rank, channels last."""
    layer = keras.layers.BatchNormalization(**options)
    layer.build((*(None,) * (config.rank - 1), config.channels))
    return layer


def variables(layer: Any) -> dict[str, Any]:
    """The layer's variables by the kit's names."""
    found = {name: getattr(layer, own) for name, own in NAMES.items()}
    return {name: value for name, value in found.items() if value is not None}


def adapter(
    backend: str,
    package: Any,
    layer: Callable[[Config, dict[str, Any]], Any],
    dtypes: tuple[str, ...] = ("float32", "float16", "bfloat16"),
    patience: float = 10.0,
) -> Implementation:
    """The Implementation of Keras with this back end. A process has one, chosen before the import."""
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = backend
    if keras.backend.backend() != backend:
        raise NotAnImplementation(f"keras runs on {keras.backend.backend()} in this process")
    simple = Config(channels=3, dtype="float32")
    return Implementation(
        name=f"keras on {backend}" + " in float64" * (dtypes == ("float64",)),
        version=f"{keras.__version__}, {backend} {package.__version__}",
        make=lambda config: layer(config, options(config)),
        conventions=Conventions(
            momentum=0.01, eps=1e-3, running_variance="biased", one_value="allowed"
        ),
        dtypes=dtypes,
        patience=patience,
        default=lambda: layer(simple, {}),
        deviates={"an_infinite_input_does_not_poison_the_statistics": "inputs are not inspected"},
    )
