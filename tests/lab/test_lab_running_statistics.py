"""The laws of running statistics: our layer meets them, and a layer that breaks one is caught."""

import math

import pytest
import torch
from torch import Tensor

import bnref.norms
from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.experiments import running_statistics
from bnref.norms import Norm
from bnref.norms.batch_norm import BatchNorm

TOLERANCE = 1e-12


def measure(
    stream: str,
    *,
    momentum: float | None,
    norm: str = "batch_norm",
    batches: int = 30,
    batch_size: int = 4,
    channels: int = 6,
    space: int = 2,
    seed: int = 3,
) -> Measured:
    arm = {
        "norm": norm,
        "stream": stream,
        "momentum": momentum,
        "batches": batches,
        "batch_size": batch_size,
        "channels": channels,
        "space": space,
    }
    name = running_statistics.__name__
    return running_statistics.run(
        Cell(experiment=name, arm=arm, seed=seed, scale="small", device="cpu")
    )


class Swapped(BatchNorm):
    """`momentum` weighs the old value, as in Keras."""

    def track(self, mean: Tensor, var: Tensor, count: int) -> None:
        given = self.momentum
        self.momentum = 1 - (0.1 if given is None else given)
        super().track(mean, var, count)
        self.momentum = given


class Biased(BatchNorm):
    """running_var holds the biased variance, as in Keras, Flax and ONNX."""

    def track(self, mean: Tensor, var: Tensor, count: int) -> None:
        super().track(mean, var * (count - 1) / count, count)


class CountsImages(BatchNorm):
    """Bessel's factor from the number of images, not of values."""

    def track(self, mean: Tensor, var: Tensor, count: int) -> None:
        images = count // 4  # 2 x 2 values of a channel in each image
        super().track(mean, var * (count - 1) / count * images / (images - 1), count)


class AlwaysTenth(BatchNorm):
    """momentum None is taken for the default."""

    def track(self, mean: Tensor, var: Tensor, count: int) -> None:
        given, self.momentum = self.momentum, self.momentum or 0.1
        super().track(mean, var, count)
        self.momentum = given


class Forgetful(BatchNorm):
    """The first batch replaces the start."""

    def track(self, mean: Tensor, var: Tensor, count: int) -> None:
        given = self.momentum
        self.momentum = None if not int(self.num_batches_tracked) else given  # type: ignore[arg-type]
        super().track(mean, var, count)
        self.momentum = given


class NotFinite(BatchNorm):
    def track(self, mean: Tensor, var: Tensor, count: int) -> None:
        super().track(mean * math.nan, var, count)


class Replaces(BatchNorm):
    """New tensors of another shape in the place of the buffers, but the right numbers."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels)
        self.running_mean = self.running_mean.view(1, -1, 1, 1)  # type: ignore[union-attr]
        self.running_var = self.running_var.view(1, -1, 1, 1)  # type: ignore[union-attr]

    def track(self, mean: Tensor, var: Tensor, count: int) -> None:
        shape = self.running_mean.shape  # type: ignore[union-attr]
        self.running_mean = self.running_mean.clone().view(-1)  # type: ignore[union-attr]
        self.running_var = self.running_var.clone().view(-1)  # type: ignore[union-attr]
        super().track(mean, var, count)
        self.running_mean = self.running_mean.view(shape)
        self.running_var = self.running_var.view(shape)


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


@pytest.mark.parametrize("norm", ["batch_norm", "torch.nn:BatchNorm2d"])
@pytest.mark.parametrize(
    ("stream", "momentum"),
    [("arbitrary", 0.1), ("arbitrary", 0.01), ("arbitrary", 0.9), ("partition", None)],
)
def test_the_exact_laws_hold_and_the_controls_do_not(stream, momentum, norm):
    metrics = measure(stream, momentum=momentum, norm=norm).metrics
    assert metrics["error"] < TOLERANCE / 10
    assert metrics["control_error"] > 1000 * TOLERANCE


@pytest.mark.parametrize(
    ("build", "stream", "momentum"),
    [
        (Swapped, "arbitrary", 0.1),
        (Biased, "arbitrary", 0.1),
        (CountsImages, "arbitrary", 0.1),
        (Forgetful, "arbitrary", 0.1),
        (AlwaysTenth, "partition", None),
        (Biased, "partition", None),
        (CountsImages, "partition", None),
    ],
)
def test_a_layer_that_breaks_a_law_errs_by_a_thousand_tolerances(built, build, stream, momentum):
    built(build)
    assert measure(stream, momentum=momentum).metrics["error"] > 1000 * TOLERANCE


def test_the_control_is_what_the_swapped_layer_would_err_and_needs_no_such_layer(built):
    control = measure("arbitrary", momentum=0.1).metrics["control_error"]
    built(Swapped)
    metrics = measure("arbitrary", momentum=0.1).metrics
    assert metrics["control_error"] == control
    assert metrics["error"] >= control * (1 - 1e-9)


def test_buffers_may_be_replaced_and_have_another_shape(built):
    built(Replaces)
    assert measure("arbitrary", momentum=0.1).metrics["error"] < TOLERANCE
    assert measure("partition", momentum=None).metrics["error"] < TOLERANCE


def test_the_variance_law_holds_within_its_monte_carlo_error():
    channels = 2000
    for momentum in (0.3, 0.05):
        found = measure("identical", momentum=momentum, channels=channels, batches=100, space=1)
        assert abs(found.metrics["log_ratio"]) < 5 * math.sqrt(2 / (channels - 1))
        assert found.series["batches"] == [1, 2, 5, 10, 20, 50, 100]
        window = (2 - momentum) / momentum
        assert found.metrics["variance_in_batch_means"] == pytest.approx(1 / window, rel=0.2)
        assert found.metrics["log_ratio"] == max(found.series["log_ratio"], key=abs)


def test_the_variance_law_counts_the_values_of_an_image():
    found = measure("identical", momentum=0.1, channels=2000, batches=20, space=3)
    assert abs(found.metrics["log_ratio"]) < 5 * math.sqrt(2 / 1999)


def test_a_window_of_another_length_is_seen(built):
    built(Swapped)
    found = measure("identical", momentum=0.1, channels=500, batches=50, space=1)
    assert found.metrics["last_log_ratio"] == pytest.approx(
        math.log((0.9 / 1.1) / (0.1 / 1.9)), abs=0.4
    )


def test_the_weighted_sum_is_the_recursion_written_out():
    start, values, m = 7.0, [1.0, -2.0, 4.0, 0.5], 0.3
    expected, running = [], start
    for value in values:
        running = (1 - m) * running + m * value
        expected.append(running)
    rows = torch.tensor(values, dtype=torch.float64)[:, None]
    found = running_statistics.weighted_sum(m, torch.tensor([start], dtype=torch.float64), rows)
    assert found[:, 0].tolist() == pytest.approx(expected, rel=1e-14)


def test_the_approach_is_the_weighted_sum_of_one_value():
    start, theta = torch.tensor([7.0, -1], dtype=torch.float64), torch.tensor([2.0, 5])
    rows = theta.double().expand(6, 2)
    assert torch.allclose(
        running_statistics.approach(0.3, start, rows),
        running_statistics.weighted_sum(0.3, start, rows),
        rtol=1e-14,
    )


def test_a_number_that_is_not_finite_counts_as_a_huge_error(built):
    built(NotFinite)
    assert measure("arbitrary", momentum=0.1).metrics["error"] == 1e300
    assert measure("partition", momentum=None).metrics["error"] == 1e300


@pytest.mark.parametrize("stream", ["arbitrary", "identical"])
def test_seeds_decide_and_arms_of_a_seed_share_their_stream(stream):
    same = [measure(stream, momentum=0.1) for _ in range(2)]
    assert same[0] == same[1]
    assert measure(stream, momentum=0.1, seed=4) != same[0]


@pytest.mark.parametrize(
    ("norm", "message"),
    [
        ("group_norm", "group_norm has no momentum and no running_mean and no running_var"),
        ("identity", "identity has no momentum"),
    ],
)
def test_a_layer_without_running_statistics_is_named_with_what_it_lacks(norm, message):
    with pytest.raises(ValueError, match=message):
        measure("arbitrary", momentum=0.1, norm=norm)


def test_untracked_statistics_and_buffers_of_another_size_are_refused(built):
    built(lambda channels: BatchNorm(channels, track_running_stats=False))
    with pytest.raises(ValueError, match="has no running_mean and no running_var"):
        measure("arbitrary", momentum=0.1)
    built(lambda channels: BatchNorm(channels + 1))
    with pytest.raises(ValueError, match=r"running_mean has shape \(7,\).*each of 6 channels"):
        measure("arbitrary", momentum=0.1)
