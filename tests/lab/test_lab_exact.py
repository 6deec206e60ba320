"""Every identity holds for our layers, and an error of a millionth or a wrong formula is caught."""

import importlib
import itertools

import pytest
import torch
from torch import Tensor

import bnref.norms
from bnref.evidence.cell import Cell
from bnref.lab import exact
from bnref.lab.experiments import (
    batch_variances,
    gradient_summands,
    group_limits,
    product_spectrum,
    residual_growth,
    residual_start,
    sampling_noise,
    stop_gradient,
)
from bnref.norms import Norm
from bnref.norms.batch_norm import BatchNorm
from bnref.norms.beside.skip_init import SkipInit
from bnref.norms.group_norm import GroupNorm
from bnref.norms.stop_gradient_batch_norm import StopGradientBatchNorm

MAPS = {"channels": 8, "batch_size": 8, "size": 4}
ROWS = {"channels": 8, "batch_size": 16}
UNITS = {**ROWS, "inputs": 4}
BLOCKS = {"channels": 4, "batch_size": 3, "size": 4, "depth": 2}
NORM = {"norm": "batch_norm"}
ARMS = {
    "batch_norm_forward": {**NORM, **MAPS},
    "batch_norm_backward": {**NORM, **ROWS},
    "redundant_bias": {**NORM, **ROWS, "steps": 5},
    "folded_inference": {**NORM, **MAPS},
    "batch_variances": {**NORM, "channels": 4, "population": 5, "batch_size": 2, "size": 2},
    "scale_free_training": {**NORM, **ROWS, "steps": 10},
    "unit_jacobian": {**NORM, "channels": 8, "batch_size": 32},
    "unit_theorems": {**NORM, **UNITS},
    "optima": {**NORM, **UNITS},
    "group_limits": {**NORM, **MAPS},
    "residual_start": {**NORM, **BLOCKS, "branch": "normalised"},
    "skip_init": {**BLOCKS, "branch": "skip_init"},
    "batch_independence": {**MAPS, "other": "group_norm"},
    "stop_gradient": {**ROWS, "steps": 20},
    "sampling_noise": {"population": 4, "batch_size": 2, "inputs": 3},
    "product_spectrum": {"factors": 3, "degree": 4},
    "gradient_summands": MAPS,
    "residual_growth": {"alpha": 1.0, "skip": 1.0, "width": 2, "depth": 2, "batch_size": 3},
}
WRONG_AS_PRINTED = {"any_scalar", "unbiased", "root", "relative", "slipped"}
CLOSE, FAR = 1e-11, 1e-8


def measure(name: str, seed: int = 3, **changed: object) -> dict[str, float]:
    """The metrics of an experiment on the small arm above."""
    dotted = f"bnref.lab.experiments.{'residual_start' if name == 'skip_init' else name}"
    arm = {**ARMS[name], **changed}
    cell = Cell(experiment=dotted, arm=arm, seed=seed, scale="small", device="cpu")
    return importlib.import_module(dotted).run(cell).metrics


class Leaks(BatchNorm):
    """A trace of the input goes past the normaliser, in training and evaluation."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + 1e-6 * x


class Unbiased(BatchNorm):
    """Normalises by the variance that running_var keeps."""

    def forward(self, x: Tensor) -> Tensor:
        count = x.numel() // x.shape[1]
        return self.bias.view(1, -1, 1, 1) + ((count - 1) / count) ** 0.5 * (
            super().forward(x) - self.bias.view(1, -1, 1, 1)
        )


class EpsOutside(BatchNorm):
    """(x - mean) / (sd + eps)."""

    def forward(self, x: Tensor) -> Tensor:
        mean, var = exact.moments(x)
        weight, bias = self.weight.view(1, -1, 1, 1), self.bias.view(1, -1, 1, 1)
        return weight * (x - mean) / (var.sqrt() + self.eps) + bias


class EachPixel(BatchNorm):
    """Statistics over the batch alone."""

    def forward(self, x: Tensor) -> Tensor:
        return (x - x.mean(0)) / (x.var(0, correction=0) + self.eps).sqrt()


class OneForAll(BatchNorm):
    """One mean and one variance over all channels, as some reproductions have it."""

    def forward(self, x: Tensor) -> Tensor:
        return (x - x.mean()) / (x.var(correction=0) + self.eps).sqrt()


BROKEN_LAYERS = [
    ("batch_norm_forward", "moments", Unbiased),
    ("batch_norm_forward", "moments", OneForAll),
    ("batch_norm_forward", "identity", EpsOutside),
    ("batch_norm_forward", "scaled", EpsOutside),
    ("batch_norm_forward", "maps", EachPixel),
    ("batch_norm_backward", "chain", StopGradientBatchNorm),
    ("batch_norm_backward", "sums", StopGradientBatchNorm),
    ("batch_norm_backward", "jacobian", Unbiased),
    ("redundant_bias", "bias", Leaks),
    ("folded_inference", "fold", Leaks),
    ("scale_free_training", "growth", Leaks),
    ("scale_free_training", "growth", StopGradientBatchNorm),
    ("scale_free_training", "speed", Leaks),
    ("unit_jacobian", "rows", Leaks),
    ("unit_theorems", "gradient", StopGradientBatchNorm),
    ("unit_theorems", "hessian", StopGradientBatchNorm),
    ("unit_theorems", "weights", StopGradientBatchNorm),
    ("unit_theorems", "curvature", StopGradientBatchNorm),
    ("optima", "kept", Unbiased),
    ("optima", "nearest", Leaks),
    ("group_limits", "single", Leaks),
    ("residual_start", "start", Leaks),
]


@pytest.mark.parametrize("name", ARMS)
@pytest.mark.parametrize("seed", [3, 4])
def test_identities_hold_and_wrong_formulas_do_not(name, seed):
    metrics = measure(name, seed)
    for metric, value in metrics.items():
        wrong = metric.endswith("_control") or metric.removesuffix("_error") in WRONG_AS_PRINTED
        assert value > FAR if wrong else value < CLOSE, f"{metric} is {value}"


@pytest.mark.parametrize("name", [name for name, arm in ARMS.items() if "norm" in arm])
def test_torchs_own_layer_has_them_too(name):
    metrics = measure(name, norm="torch.nn:BatchNorm2d")
    for metric, value in metrics.items():
        if metric.endswith("_error") and metric.removesuffix("_error") not in WRONG_AS_PRINTED:
            assert value < CLOSE, f"{metric} is {value}"


@pytest.mark.parametrize(("name", "metric", "build"), BROKEN_LAYERS)
def test_a_broken_layer_is_caught(monkeypatch, name, metric, build):
    norm = Norm(name="broken", build=build, pools_over="", source="", conventions="")
    monkeypatch.setattr(bnref.norms, "get", lambda _: norm)
    assert measure(name)[f"{metric}_error"] > FAR


def true_gradient(channels: int, stop: str, eps: float) -> BatchNorm:
    return BatchNorm(channels, eps=eps)


def biased(layer, batches, formula) -> None:
    """The variances of the batches without m/(m-1), and without that of their means."""
    layer.running_var = torch.stack([exact.moments(b)[1].flatten() for b in batches]).mean(0)


def scaled_gradient(u, shape, v, padding):
    return 1.000001 * torch.nn.grad.conv2d_weight(u, shape, v, padding=padding)


class LeakyGroups(GroupNorm):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + 1e-6 * x


class LeakySkip(SkipInit):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + 1e-6 * self.branch(x)


BROKEN_PARTS = [
    ("stop_gradient", "drift", stop_gradient, "StopGradientBatchNorm", true_gradient),
    ("stop_gradient", "scale", stop_gradient, "StopGradientBatchNorm", true_gradient),
    ("batch_variances", "estimate", batch_variances, "reestimate", biased),
    ("batch_variances", "total", batch_variances, "reestimate", biased),
    ("batch_variances", "images", batch_variances, "correlation", lambda images: 0.0),
    ("sampling_noise", "noise", sampling_noise, "combinations", lambda *_: [(0, 1), (1, 2)]),
    ("product_spectrum", "moments", product_spectrum, "moment", lambda factors, k: factors**k),
    ("gradient_summands", "summands", gradient_summands, "conv2d_weight", scaled_gradient),
    ("group_limits", "groups", group_limits, "GroupNorm", LeakyGroups),
    ("skip_init", "start", residual_start, "SkipInit", LeakySkip),
    (
        "residual_growth",
        "growth",
        residual_growth,
        "product",
        lambda *axes, repeat: list(itertools.product(*axes, repeat=repeat))[1:],
    ),
]


@pytest.mark.parametrize(("name", "metric", "module", "part", "broken"), BROKEN_PARTS)
def test_a_broken_part_is_caught(monkeypatch, name, metric, module, part, broken):
    monkeypatch.setattr(module, part, broken)
    assert measure(name)[f"{metric}_error"] > FAR


def test_batch_norm_is_not_independent_of_its_batch():
    assert measure("batch_independence", other="batch_norm")["apart_error"] > FAR


def test_seeds_decide():
    assert measure("unit_theorems") == measure("unit_theorems")
    assert measure("unit_theorems") != measure("unit_theorems", seed=4)


def test_what_is_not_finite_is_a_huge_error():
    assert exact.worst(torch.tensor([1.0, float("nan")]), 1.0) == 1e300
    assert exact.worst(torch.tensor([1.0, 3.0]), torch.tensor([1.0, 2.0]), 4.0) == 0.25


def test_a_layer_without_eps_weight_or_bias_is_refused():
    with pytest.raises(ValueError, match="identity has no eps and no weight and no bias"):
        measure("batch_norm_forward", norm="identity")
    with pytest.raises(ValueError, match=r"expected a weight \(2,\), not \(3,\)"):
        exact.affine(BatchNorm(3), torch.ones(2), torch.zeros(2))
