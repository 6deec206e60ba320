"""Deep residual networks and what is measured on them: analytic cases, determinism, what must fail."""

import math

import pytest
import torch

from bnref.evidence.cell import Cell, Value
from bnref.lab import halves
from bnref.lab.data import load
from bnref.lab.deep_residual import Residual, network
from bnref.lab.experiments import deep_start, first_updates, gradient_step, largest_rate

BED: dict[str, Value] = {
    "data": "fashion_mnist_10k",
    "pool": 4,
    "net": "resnet",
    "norm": "identity",
    "where": "every",
    "blocks": 2,
    "width": 4,
    "batch_size": 16,
    "learning_rate": 0.01,
    "batch": 2,
}


def cell(**changed: Value) -> Cell:
    return Cell(experiment="x", arm={**BED, **changed}, seed=3, scale="small", device="cpu")


def net(**changed: Value) -> Residual:
    return network(cell(**changed), load("fashion_mnist_10k", "cpu", 4))


@pytest.mark.parametrize("kind", ["resnet", "residual_mlp"])
def test_all_arms_start_with_the_same_weights_and_differ_in_their_normalisers(kind):
    plain, last, full = (
        net(net=kind, norm=norm, where=where)
        for norm, where in (("identity", "every"), ("batch_norm", "last"), ("batch_norm", "every"))
    )

    def kernels(of: Residual) -> list[torch.Tensor]:
        return [p for p in of.parameters() if p.dim() > 1]

    for others in zip(kernels(plain), kernels(last), kernels(full), strict=True):
        assert all(torch.equal(others[0], other) for other in others)
    layers = {"resnet": 2 * 6 + 1, "residual_mlp": 2 * 2 + 1}[kind]
    norms = [sum(hasattr(m, "running_mean") for m in n.modules()) for n in (plain, last, full)]
    assert norms == [0, 1, layers]


def test_a_block_whose_branch_is_zero_passes_a_positive_stream_on():
    made = net()
    with torch.no_grad():
        for block in made.blocks:
            for p in block.branch.parameters():
                p.zero_()
    streams = made.streams(torch.randn(4, 1, 7, 7))
    assert torch.equal(streams[0], streams[1])
    assert streams[-1].shape == (4, 16, 2, 2)
    assert torch.equal(streams[-1][:, 4:], torch.zeros(4, 12, 2, 2)), "channels come in as zeros"


def test_a_branch_whose_factor_starts_at_zero_passes_the_stream_on_and_the_factor_is_trained():
    made = net(alpha=0.0)
    streams = made.streams(torch.randn(4, 1, 7, 7))
    assert torch.equal(streams[0], streams[1])
    streams[-1].sum().backward()
    factors = [p for name, p in made.named_parameters() if name.endswith("alpha")]
    assert len(factors) == 6
    assert any(float(p.grad.abs()) > 0 for p in factors)
    kernels = [[p for p in of.parameters() if p.dim() > 1] for of in (made, net())]
    assert all(torch.equal(a, b) for a, b in zip(*kernels, strict=True))


@pytest.mark.parametrize("half", ["MeanOnly", "VarianceOnly"])
def test_the_halves_of_a_batch_norm_make_the_whole(half):
    x = 3 * torch.randn(16, 5, 4, 4) + 7
    mean, variance = halves.MeanOnly(5), halves.VarianceOnly(5)
    torch.testing.assert_close(variance(mean(x)), torch.nn.BatchNorm2d(5)(x))
    alone = getattr(halves, half)(5)(x)
    left, scale = alone.detach().mean((0, 2, 3)).abs(), alone.detach().std((0, 2, 3))
    assert (float(left.max()) < 1e-5) == (half == "MeanOnly")
    assert (float((scale - 1).abs().max()) < 0.01) == (half == "VarianceOnly")


def test_the_heat_map_is_of_the_gradients_of_each_images_own_loss():
    found = deep_start.run(cell(batch_size=64)).series
    rows = [found[f"class_{rank}"] for rank in range(1, 11)]
    assert all(row == sorted(row) for row in rows)
    assert min(map(min, rows)) >= -1
    assert max(map(max, rows)) <= 1
    assert rows[0][8] > rows[-1][8], "the class that most images get comes first"
    assert sum(map(sum, rows)) == pytest.approx(0, abs=3), "a row of gradients sums to zero"


def test_an_unknown_place_is_refused():
    with pytest.raises(ValueError, match="where is 'first', expected 'every' or 'last'"):
        net(where="first")


@pytest.mark.parametrize("experiment", [deep_start, gradient_step, first_updates])
def test_the_same_cell_gives_the_same_numbers(experiment):
    first, second = (experiment.run(cell(norm="batch_norm")) for _ in range(2))
    assert first == second
    assert all(math.isfinite(value) for value in first.metrics.values())


def test_slope_of_a_line():
    assert deep_start.slope(torch.tensor([1.0, 3.0, 5.0])) == pytest.approx(2)


def test_summands_of_one_sign_do_not_cancel_and_random_ones_do():
    found = deep_start.run(cell(batch_size=64, width=8)).metrics
    for depth, size in (("early", 7), ("middle", 4), ("late", 2)):
        assert found[f"summands_{depth}"] == 64 * size**2
        assert 1 <= found[f"cancellation_{depth}"] < 3 * found[f"summands_{depth}"] ** 0.5
    normalised = deep_start.run(cell(batch_size=64, width=8, norm="batch_norm")).metrics
    assert normalised["cancellation_early"] > 2 * found["cancellation_early"]


def test_reach_is_where_the_loss_returns_to_its_start():
    steps = gradient_step.STEPS
    parabola = [(1 - alpha / (1.5 * steps[5])) ** 2 for alpha in steps]  # back to 1 at 3 steps[5]
    assert 2 * steps[5] < gradient_step.reach(parabola) < 4 * steps[5]
    assert gradient_step.reach([0.5] * len(steps)) == steps[-1]
    assert gradient_step.reach([2.0] * len(steps)) == steps[0]


def test_a_line_search_leaves_parameters_and_buffers_as_they_were():
    made = net(norm="batch_norm").train()
    before = [t.clone() for t in (*made.parameters(), *made.buffers())]
    images, labels = torch.randn(8, 1, 7, 7), torch.arange(8)
    ratios = gradient_step.along_gradient(made, images, labels)
    assert ratios[0] == pytest.approx(1, abs=1e-3)
    assert min(ratios) < 1
    for tensor, kept in zip((*made.parameters(), *made.buffers()), before, strict=True):
        assert torch.equal(tensor, kept)


def test_an_update_too_large_is_found_and_a_small_one_is_none():
    wild = first_updates.run(cell(learning_rate=100.0))
    assert wild.metrics["update"] == 1
    assert wild.metrics["explosion"] > 0.1
    calm = first_updates.run(cell(learning_rate=1e-6))
    assert calm.metrics["update"] == first_updates.LAST_UPDATE + 1
    assert abs(calm.metrics["explosion"]) < 1e-3
    assert calm.series["share_0"] == pytest.approx(calm.series["share_100"], abs=1e-3)


def test_the_largest_rate_is_the_first_from_above_that_trains():
    arm = {"net": "residual_mlp", "blocks": 1, "width": 16, "batch_size": 64, "steps": 20}
    found = largest_rate.run(cell(**arm))
    accuracies = found.series["accuracy"]
    assert found.metrics["largest_rate"] == found.series["learning_rate"][-1]
    assert accuracies[-1] > largest_rate.TRAINS >= max(accuracies[:-1])
    assert found == largest_rate.run(cell(**arm))


def test_a_network_that_never_trains_has_no_largest_rate(monkeypatch):
    monkeypatch.setattr(largest_rate, "TRAINS", 1.0)
    arm = {"net": "residual_mlp", "blocks": 1, "width": 4, "batch_size": 64, "steps": 1}
    found = largest_rate.run(cell(**arm))
    assert found.diverged
    assert "largest_rate" not in found.metrics
    assert found.metrics["tried"] == len(largest_rate.RATES)
