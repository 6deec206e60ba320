"""Scale invariance: layers that have it pass, and small breaches of output or gradient are caught."""

import pytest
import torch
from torch import Tensor

import bnref.norms
from bnref.evidence.cell import Cell
from bnref.lab.experiments import scale_invariance
from bnref.norms import Norm
from bnref.norms.batch_norm import BatchNorm

TOLERANCE = 1e-12


def measure(
    norm: str = "batch_norm", layer: str = "convolution", seed: int = 3
) -> dict[str, float]:
    arm = {"norm": norm, "layer": layer, "channels": 8, "batch_size": 6, "size": 5}
    name = scale_invariance.__name__
    cell = Cell(experiment=name, arm=arm, seed=seed, scale="small", device="cpu")
    return scale_invariance.run(cell).metrics


class Leaks(BatchNorm):
    """A trace of the input goes past the normaliser."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + 1e-6 * x


class LeaksGradient(BatchNorm):
    """The output is right and the gradient is not."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + 1e-6 * (x - x.detach())


class EpsOutside(BatchNorm):
    """(x - mean) / (sd + eps): eps would have to scale with a, not with its square."""

    def forward(self, x: Tensor) -> Tensor:
        over = (0, 2, 3)
        mean = x.mean(over, keepdim=True)
        return (x - mean) / (x.std(over, keepdim=True, correction=0) + self.eps)


class Flat(BatchNorm):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).flatten(1)


class NotFinite(BatchNorm):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) * float("nan")


@pytest.fixture(autouse=True)
def one_thread():
    """As in a worker; threads only wait for each other on inputs this small."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch):
    """Puts a factory in the place of every norm."""

    def use(build) -> None:
        norm = Norm(name="test", build=build, pools_over="", source="", conventions="")
        monkeypatch.setattr(bnref.norms, "get", lambda name: norm)

    return use


@pytest.mark.parametrize(
    ("norm", "layer"),
    [
        ("batch_norm", "dense"),
        ("batch_norm", "convolution"),
        ("torch.nn:BatchNorm2d", "dense"),
        ("torch.nn:BatchNorm2d", "convolution"),
        ("instance_norm", "convolution"),
    ],
)
def test_norms_that_pool_within_a_unit_are_invariant(norm, layer):
    assert max(measure(norm, layer).values()) < TOLERANCE / 10


@pytest.mark.parametrize("norm", ["layer_norm", "group_norm"])
@pytest.mark.parametrize("layer", ["dense", "convolution"])
def test_norms_that_pool_over_units_are_not(norm, layer):
    metrics = measure(norm, layer)
    assert min(metrics.values()) > 1000 * TOLERANCE


@pytest.mark.parametrize("layer", ["dense", "convolution"])
def test_a_leak_of_a_millionth_is_caught(built, layer):
    built(Leaks)
    metrics = measure(layer=layer)
    assert metrics["output_error"] > 1000 * TOLERANCE
    assert metrics["error"] == max(metrics.values())


@pytest.mark.parametrize("layer", ["dense", "convolution"])
def test_a_wrong_gradient_behind_a_right_output_is_caught(built, layer):
    built(LeaksGradient)
    metrics = measure(layer=layer)
    assert metrics["output_error"] < TOLERANCE
    assert metrics["input_gradient_error"] > 1000 * TOLERANCE
    assert metrics["weight_gradient_error"] > 1000 * TOLERANCE


def test_eps_outside_the_root_does_not_scale_as_claimed(built):
    built(EpsOutside)
    assert measure()["error"] > 1000 * TOLERANCE


def test_errors_compare_the_weight_gradient_times_the_factors():
    y, du = torch.ones(2, 2, 1, 1), torch.ones(2, 3, 1, 1)
    dweight = torch.tensor([[1.0], [100.0]]).view(2, 1, 1, 1)
    factors = torch.tensor([2.0, 4.0]).view(2, 1, 1, 1)
    exact = (y, du, dweight / factors)
    assert scale_invariance.errors((y, du, dweight), exact, factors) == (0, 0, 0)
    off = (y * 1.5, du * 0.75, (dweight + torch.tensor([0.5, 0]).view(2, 1, 1, 1)) / factors)
    assert scale_invariance.errors((y, du, dweight), off, factors) == (0.5, 0.25, 0.5)


def test_a_number_that_is_not_finite_counts_as_a_huge_error(built):
    built(NotFinite)
    assert measure()["error"] == 1e300


def test_seeds_decide():
    assert measure() == measure()
    assert measure(seed=4) != measure()


def test_layers_without_eps_or_of_another_shape_are_refused(built):
    with pytest.raises(ValueError, match="identity has no eps"):
        measure("identity")
    built(Flat)
    with pytest.raises(ValueError, match=r"made \(6, 200\) of \(6, 8, 5, 5\)"):
        measure()
