"""What Flax's two libraries share: the options of BatchNorm, and its mask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bnref.conformance.adapters import _jax_layer
from bnref.conformance.adapters._framework import Framework
from bnref.conformance.implementation import Config, Conventions, Implementation

flax = Framework("flax")
jax = Framework("jax")

Array = NDArray[Any]
BIASED = Conventions(momentum=0.01, running_variance="biased", one_value="allowed")
"""As Flax says of itself."""
INFINITE = {"an_infinite_input_does_not_poison_the_statistics": "inputs are not inspected"}
ONE_PASS = (
    "variance in one pass, documented as less stable: use_fast_variance=False is the other way"
)
FAST = INFINITE | dict.fromkeys(
    (
        "a_large_mean_costs_no_more_than_its_size",
        "a_large_mean_leaves_the_gradients_right",
        "sizes_have_no_limit",  # three values per channel that lie close together
    ),
    ONE_PASS,
)


class Layer(_jax_layer.Layer):
    """With the mask that Flax's layers take."""

    def masked(self, x: Array, mask: Array) -> Array:
        return self._forward(x, True, np.asarray(mask)[..., None])


def options(config: Config) -> dict[str, Any]:
    """What BatchNorm is made with: its momentum is the weight of the old value."""
    if config.momentum is None or not config.track:
        raise NotImplementedError(
            "BatchNorm has neither momentum None nor a layer without tracking"
        )
    affine = {"use_bias": config.affine, "use_scale": config.affine}
    numbers = {"momentum": 1 - config.momentum, "epsilon": config.eps}
    wide = "float64" if config.dtype == "float64" else "float32"
    return affine | numbers | {"dtype": config.dtype, "param_dtype": wide}


def adapter(
    name: str,
    step: _jax_layer.Step,
    dtypes: tuple[str, ...],
    deviates: Mapping[str, str],
    **chosen: Any,
) -> Implementation:
    """The Implementation of one of the two, with what is chosen against the default."""
    simple = Config(channels=3, dtype="float32")
    return Implementation(
        name=name,
        version=f"{flax.__version__}, jax {jax.__version__}",
        make=lambda config: Layer(step, config, **options(config), **chosen),
        conventions=BIASED,
        dtypes=dtypes,
        patience=_jax_layer.PATIENCE,
        default=lambda: Layer(step, simple, **chosen),
        deviates=deviates,
    )
