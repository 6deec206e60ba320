"""The project's relatives of batch norm, each with what it does otherwise by design."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from numpy.typing import NDArray
from torch import nn

from bnref import __version__
from bnref.conformance.adapters import bnref_norms, torch_module
from bnref.conformance.adapters.torch_module import TORCH
from bnref.conformance.implementation import Config, Conventions, Implementation, State
from bnref.norms.batch_renorm import BatchRenorm
from bnref.norms.debiased_batch_norm import DebiasedBatchNorm
from bnref.norms.frozen_batch_norm import FrozenBatchNorm
from bnref.norms.ghost_batch_norm import GhostBatchNorm
from bnref.norms.lp_batch_norm import LpBatchNorm
from bnref.norms.noisy_batch_norm import NoisyBatchNorm
from bnref.norms.stop_gradient_batch_norm import StopGradientBatchNorm
from bnref.norms.sync_batch_norm import SyncBatchNorm

Array = NDArray[Any]


class Shards(bnref_norms.Layer):
    """Several ranks in one process."""

    def shards(self, xs: list[Array], dys: list[Array]) -> tuple[Any, ...]:
        module: Any = self.module.train()
        inputs = [self.tensor(x).requires_grad_() for x in xs]
        ys = module.shards(inputs)
        wanted = [*inputs, module.weight, module.bias]
        *dxs, dweight, dbias = torch.autograd.grad(ys, wanted, [self.tensor(dy) for dy in dys])
        arrays = ([value.detach().numpy() for value in values] for values in (ys, dxs))
        return (*arrays, dweight.numpy(), dbias.numpy())


class Frozen(bnref_norms.Layer):
    """Frozen from the beginning."""

    def freeze(self) -> None:
        pass


class Moment(torch_module.Layer):
    """What is tracked in place of the variance goes by its name."""

    def state(self) -> State:
        found = dict(super().state())
        return {name.replace("moment", "var"): value for name, value in found.items()}

    def load(self, state: State) -> None:
        super().load({name.replace("var", "moment"): value for name, value in state.items()})

    def addresses(self) -> dict[str, int]:
        return {name.replace("moment", "var"): at for name, at in super().addresses().items()}

    def alias(self) -> None:
        raise NotImplementedError("it has no running_var")


def _adapter(
    name: str,
    build: Callable[[Config], nn.Module],
    deviates: Mapping[str, str],
    layer: type[torch_module.Layer] = bnref_norms.Layer,
    conventions: Conventions = TORCH,
) -> Implementation:
    simple = Config(channels=3, dtype="float32")
    return torch_module.adapter(
        f"bnref.norms.{name}",
        build,
        version=__version__,
        layer=layer,
        conventions=conventions,
        default=lambda: build(simple),
        deviates=deviates,
    )


def _always(config: Config, *needed: str) -> None:
    """Raise NotImplementedError for a layer that cannot do without these."""
    for name in needed:
        if not getattr(config, name):
            raise NotImplementedError(f"the layer has no {name}=False")


def _ghost(c: Config) -> nn.Module:
    return GhostBatchNorm(c.channels, 32, c.eps, c.momentum, c.affine, c.track)


def _renorm(c: Config) -> nn.Module:
    _always(c, "track")
    return BatchRenorm(c.channels, 3.0, 5.0, c.eps, c.momentum, c.affine)


def _sync(c: Config) -> nn.Module:
    return SyncBatchNorm(c.channels, c.eps, c.momentum, c.affine, c.track)


def _frozen(c: Config) -> nn.Module:
    _always(c, "track")
    return FrozenBatchNorm(c.channels, c.eps, c.affine)


def _debiased(c: Config) -> nn.Module:
    _always(c, "track")
    if c.momentum == 0:
        raise NotImplementedError("a momentum of 0 has nothing to correct")
    return DebiasedBatchNorm(c.channels, c.eps, c.momentum, c.affine)


def _stop_gradient(c: Config) -> nn.Module:
    return StopGradientBatchNorm(c.channels, "both", c.eps, c.momentum, c.affine, c.track)


def _lp(p: float, centred: bool) -> Callable[[Config], nn.Module]:
    def build(c: Config) -> nn.Module:
        _always(c, "track", "affine")
        return LpBatchNorm(c.channels, p, centred, c.eps, c.momentum)

    return build


def _noisy(c: Config) -> nn.Module:
    _always(c, "track")
    generator = torch.Generator().manual_seed(0)
    return NoisyBatchNorm(c.channels, generator, eps=c.eps, momentum=c.momentum, affine=c.affine)


OUTPUT = (
    "a_constant_channel_gives_the_bias",
    "a_constant_channel_has_finite_gradients",
    "a_large_mean_costs_no_more_than_its_size",
    "a_large_mean_leaves_the_gradients_right",
    "buffers_may_be_set_between_forward_and_backward",
    "channels_do_not_mix",
    "compiled_the_layer_computes_the_same",
    "elements_may_lie_far_apart",
    "eps_is_the_one_that_was_asked_for",
    "half_precision_gradients_sum_in_a_wider_type",
    "half_precision_sums_in_a_wider_type",
    "input_gradient_is_orthogonal_to_the_input_but_for_eps",
    "memory_format_does_not_matter",
    "micro_batches_each_count_as_a_batch",
    "output_ignores_shift_and_scale_of_the_input",
    "repetition_gives_the_same_bits",
    "second_derivatives_are_those_of_the_formula",
    "sizes_have_no_limit",
    "slices_and_offsets_do_not_matter",
    "statistics_may_share_memory_with_parameters",
    "third_derivatives_are_those_of_the_formula_or_refused",
    "training_gradients_are_those_of_the_formula",
    "training_normalises_by_the_batch",
    "training_output_ignores_momentum_and_running_statistics",
    "very_small_and_very_large_values_normalise",
    "without_affine_the_output_is_normalised_only",
)
"""The checks of what training computes that a layer fails whose training computes something else."""
SCALE = (
    "a_constant_channel_gives_the_bias",
    "a_constant_channel_has_finite_gradients",
    "a_large_mean_costs_no_more_than_its_size",
    "a_large_mean_leaves_the_gradients_right",
    "buffers_may_be_set_between_forward_and_backward",
    "channels_do_not_mix",
    "compiled_the_layer_computes_the_same",
    "elements_may_lie_far_apart",
    "eps_is_the_one_that_was_asked_for",
    "evaluation_approaches_training_at_the_rate_of_momentum",
    "half_precision_gradients_sum_in_a_wider_type",
    "half_precision_sums_in_a_wider_type",
    "input_gradient_is_orthogonal_to_the_input_but_for_eps",
    "input_gradient_sums_to_zero",
    "memory_format_does_not_matter",
    "micro_batches_each_count_as_a_batch",
    "momentum_none_averages_all_batches",
    "output_ignores_shift_and_scale_of_the_input",
    "repetition_gives_the_same_bits",
    "running_statistics_follow_the_batches",
    "running_variance_counts_samples_and_space",
    "running_variance_is_of_the_declared_kind",
    "second_derivatives_are_those_of_the_formula",
    "sizes_have_no_limit",
    "slices_and_offsets_do_not_matter",
    "slow_statistics_move_in_half_precision",
    "third_derivatives_are_those_of_the_formula_or_refused",
    "training_gradients_are_those_of_the_formula",
    "training_normalises_by_the_batch",
    "very_small_and_very_large_values_normalise",
)
"""The checks that a layer fails which divides by anything but the standard deviation."""


def _because(reason: str, *checks: str) -> dict[str, str]:
    """The deviations that have one reason, beside those of batch norm."""
    return bnref_norms.DEVIATES | dict.fromkeys(checks, reason)


GHOST_DEVIATES = _because(
    "each 32 samples normalise by themselves",
    "half_precision_gradients_sum_in_a_wider_type",
    "half_precision_sums_in_a_wider_type",
    "sizes_have_no_limit",
)
DEBIASED_DEVIATES = _because(
    "the first batches weigh more than momentum: the average is corrected for its start",
    "compiled_the_layer_computes_the_same",
    "default_momentum_is_the_declared_one",
    "evaluation_approaches_training_at_the_rate_of_momentum",
    "micro_batches_each_count_as_a_batch",
    "momentum_weighs_the_new_batch",
    "recalibration_takes_the_statistics_of_the_batches",
    "running_statistics_follow_the_batches",
    "running_variance_counts_samples_and_space",
    "running_variance_is_of_the_declared_kind",
    "slow_statistics_move_in_half_precision",
)
STOP_GRADIENT_DEVIATES = _because(
    "the gradient takes the batch's statistics for constants",
    "a_constant_channel_has_finite_gradients",
    "a_large_mean_leaves_the_gradients_right",
    "buffers_may_be_set_between_forward_and_backward",
    "compiled_the_layer_computes_the_same",
    "half_precision_gradients_sum_in_a_wider_type",
    "input_gradient_is_orthogonal_to_the_input_but_for_eps",
    "input_gradient_sums_to_zero",
    "memory_format_does_not_matter",
    "repetition_gives_the_same_bits",
    "second_derivatives_are_those_of_the_formula",
    "sizes_have_no_limit",
    "slices_and_offsets_do_not_matter",
    "third_derivatives_are_those_of_the_formula_or_refused",
    "training_gradients_are_those_of_the_formula",
    "without_affine_the_output_is_normalised_only",
    "without_tracking_evaluation_is_as_declared",
)
RENORM_DEVIATES = _because(
    "training leans towards the running statistics",
    *OUTPUT,
    "order_of_the_batch_does_not_matter",
)
NOISY_DEVIATES = _because(
    "noise shifts and scales the output of training",
    *OUTPUT,
    "order_of_the_batch_does_not_matter",
)
FROZEN_DEVIATES = _because(
    "training normalises by the running statistics, which stay",
    *OUTPUT,
    "default_momentum_is_the_declared_one",
    "evaluation_approaches_training_at_the_rate_of_momentum",
    "input_gradient_sums_to_zero",
    "momentum_none_averages_all_batches",
    "momentum_weighs_the_new_batch",
    "one_value_per_channel_is_refused_or_gives_the_bias",
    "recalibration_takes_the_statistics_of_the_batches",
    "running_statistics_follow_the_batches",
    "running_variance_counts_samples_and_space",
    "running_variance_is_of_the_declared_kind",
    "slow_statistics_move_in_half_precision",
)
L1_DEVIATES = _because(
    "divides by the mean magnitude, of values that are not centred",
    *SCALE,
    "a_large_running_mean_costs_no_more_than_its_size",
    "default_eps_is_the_declared_one",
    "evaluation_gradients_are_those_of_the_formula",
    "evaluation_normalises_by_the_running_statistics",
    "gradients_per_sample_are_those_of_each_sample",
)
L2_DEVIATES = _because(
    "divides by the root of the mean square, of values that are not centred",
    *SCALE,
)
LINF_DEVIATES = _because(
    "divides by the largest magnitude, of values that are not centred",
    *SCALE,
    "a_large_running_mean_costs_no_more_than_its_size",
    "default_eps_is_the_declared_one",
    "evaluation_gradients_are_those_of_the_formula",
    "evaluation_normalises_by_the_running_statistics",
    "gradients_per_sample_are_those_of_each_sample",
)
del FROZEN_DEVIATES["an_infinite_input_does_not_poison_the_statistics"]  # nothing moves them

BIASED = Conventions(momentum=0.1, eps=1e-5, running_variance="biased", one_value="raises")
GHOST = _adapter("ghost_batch_norm", _ghost, GHOST_DEVIATES)
RENORM = _adapter("batch_renorm", _renorm, RENORM_DEVIATES)
SYNC = _adapter("sync_batch_norm", _sync, bnref_norms.DEVIATES, Shards)
FROZEN = _adapter("frozen_batch_norm", _frozen, FROZEN_DEVIATES, Frozen)
DEBIASED = _adapter("debiased_batch_norm", _debiased, DEBIASED_DEVIATES)
STOP_GRADIENT = _adapter("stop_gradient_batch_norm", _stop_gradient, STOP_GRADIENT_DEVIATES)
L1 = _adapter("lp_batch_norm, p 1", _lp(1, False), L1_DEVIATES, Moment, BIASED)
L2 = _adapter("lp_batch_norm, p 2", _lp(2, False), L2_DEVIATES, Moment, BIASED)
LINF = _adapter("lp_batch_norm, p inf", _lp(math.inf, False), LINF_DEVIATES, Moment, BIASED)
CENTRED = _adapter(
    "lp_batch_norm, p 2, centred", _lp(2, True), bnref_norms.DEVIATES, Moment, BIASED
)
NOISY = _adapter("noisy_batch_norm", _noisy, NOISY_DEVIATES)
