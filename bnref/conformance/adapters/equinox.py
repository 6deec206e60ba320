"""equinox.nn.BatchNorm under jax.jit and jax.vmap, on the CPU: `batch` and `ema`, its two modes.

running_mean and running_var are what its state holds; `batches` is its count of batches, or 1 where
mode "ema" has seen any. The layer has no half types of its own: it is made in the type of its input.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from bnref.conformance.adapters import _jax_layer
from bnref.conformance.adapters._framework import Framework
from bnref.conformance.implementation import Config, Conventions, Implementation, State

eqx = Framework("equinox")
jax = Framework("jax")
jnp = Framework("jax.numpy")

EMA = dict.fromkeys(
    (
        "channels_do_not_mix",
        "default_momentum_is_the_declared_one",
        "eps_is_the_one_that_was_asked_for",
        "evaluation_approaches_training_at_the_rate_of_momentum",
        "micro_batches_each_count_as_a_batch",
        "momentum_weighs_the_new_batch",
        "repetition_gives_the_same_bits",
        "running_statistics_follow_the_batches",
        "running_variance_counts_samples_and_space",
        "running_variance_is_of_the_declared_kind",
        "second_derivatives_are_those_of_the_formula",
        "training_output_ignores_momentum_and_running_statistics",
    ),
    "documented: it trains by its averages, which start as the statistics of the first batch",
)


class Layer(_jax_layer.Layer):
    """With the count of batches in its state; statistics loaded without one are used as they are."""

    TRACED = False  # its fields for them are static

    def __init__(self, mode: str, config: Config, **options: Any) -> None:
        self.seen = 0  # what the initial statistics count as
        super().__init__(STEPS[mode], config, **options)
        self.seen = int(mode == "ema")

    def load(self, state: State) -> None:
        super().load({name: value for name, value in state.items() if name != "batches"})
        if {"running_mean", "running_var", "batches"} & set(state):
            self.statistics["batches"] = jnp.asarray(int(state.get("batches", self.seen)))


def step(mode: str, channels: int, options: Any, training: bool, *arrays: Any) -> tuple[Any, Any]:
    """The layer as a function."""
    parameters, statistics, x, _ = arrays
    kind = statistics["running_mean"].dtype
    layer = eqx.nn.BatchNorm(channels, axis_name="batch", mode=mode, dtype=kind, **options)
    if parameters:
        own = parameters["weight"], parameters["bias"]
        layer = eqx.tree_at(lambda layer: (layer.weight, layer.bias), layer, own)
    count, pair = statistics["batches"], (statistics["running_mean"], statistics["running_var"])
    held = layer.batch_state_index if mode == "batch" else layer.ema_state_index
    state = eqx.nn.State(layer).set(held, pair)
    if mode == "batch":
        state = state.set(layer.batch_counter, count)
    else:
        state = state.set(layer.ema_first_time_index, jnp.asarray(count == 0, bool))
    one = partial(layer, inference=not training)
    inputs = jnp.moveaxis(x, -1, 1), state
    y, state = jax.vmap(one, in_axes=(0, None), out_axes=(0, None), axis_name="batch")(*inputs)
    mean, var = state.get(held)
    if mode == "batch":
        count = state.get(layer.batch_counter)
    else:
        count = 1 - state.get(layer.ema_first_time_index).astype(count.dtype)
    moved = {"running_mean": mean, "running_var": var, "batches": count}
    return jnp.moveaxis(y, 1, -1).astype(x.dtype), moved


STEPS = {mode: partial(step, mode) for mode in ("batch", "ema")}


def _options(config: Config) -> dict[str, Any]:
    if config.momentum is None or not config.track:
        raise NotImplementedError("the layer has neither momentum None nor a way not to track")
    numbers = {"momentum": 1 - config.momentum, "eps": config.eps}
    return numbers | {"channelwise_affine": config.affine}


def _adapter(mode: str, deviates: dict[str, str]) -> Implementation:
    infinite = "an_infinite_input_does_not_poison_the_statistics"
    simple = Config(channels=3, dtype="float32")
    return Implementation(
        name=f"equinox.nn, mode {mode!r}",
        version=f"{eqx.__version__}, jax {jax.__version__}",
        make=lambda config: Layer(mode, config, **_options(config)),
        conventions=Conventions(
            momentum=0.01, eps=1e-5, running_variance="biased", one_value="allowed"
        ),
        patience=_jax_layer.PATIENCE,
        default=lambda: Layer(mode, simple),
        deviates=deviates | {infinite: "inputs are not inspected"},
    )


def batch() -> Implementation:
    """The Implementation of the mode that Equinox advises, where equinox is installed."""
    return _adapter("batch", {})


def ema() -> Implementation:
    """The Implementation of the mode that is its default, where equinox is installed."""
    return _adapter("ema", EMA)
