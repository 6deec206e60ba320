"""Shifts of activations and gradients of a deep net: definitions, analytic cases, what must fail."""

import pytest
import torch
from torch import Tensor, nn

from bnref.evidence.cell import Cell
from bnref.lab.experiments import (
    gradient_shift,
    initial_scale,
    layer_inputs,
    random_directions,
)
from bnref.lab.nets import initialise, mlp
from bnref.lab.randomness import generator
from bnref.lab.training import Run
from bnref.lab.variants import (
    IndependentNoise,
    NoisyIdentity,
    l1_batch_norm,
    l2_batch_norm,
    linf_batch_norm,
    noise_x2,
    noisy,
)

ARM = {
    "data": "digits",
    "pool": 1,
    "net": "mlp",
    "depth": 3,
    "width": 8,
    "norm": "batch_norm",
    "learning_rate": 0.1,
    "batch_size": 32,
    "images": 320,
    "probe_every": 4,
    "target": 0.3,
}


def cell(seed=1, **arm):
    return Cell(experiment="x", arm={**ARM, **arm}, seed=seed, scale="small", device="cpu")


def net(norm="batch_norm"):
    found = mlp(norm, 6, 3, depth=3, width=5)
    initialise(found, 0)
    return found.double()


def batch():
    x = torch.randn(20, 6, generator=generator(0, "x"), dtype=torch.float64)
    return x, torch.arange(20) % 3


@pytest.mark.parametrize("norm", ["noisy_batch_norm", "bnref.lab.variants:NoisyIdentity"])
def test_layer_inputs_are_a_function_of_the_cell_noise_included(norm):
    first, again, other = (layer_inputs.run(cell(seed, norm=norm)) for seed in (1, 1, 2))
    assert first == again
    assert first.metrics != other.metrics


@pytest.mark.parametrize("norm", ["batch_norm", "identity"])
def test_a_net_that_stands_still_has_no_shift_and_one_with_noise_has(norm):
    rest = layer_inputs.run(cell(norm=norm, learning_rate=0.0)).metrics
    assert {rest[f"{p}_{n}"] for p in layer_inputs.PLACES for n in layer_inputs.SHIFTS} == {0.0}
    noise = layer_inputs.run(cell(norm="noisy_batch_norm", learning_rate=0.0)).metrics
    assert noise["normed_mean_shift"] > 0.1


def test_percentiles_are_those_of_the_middle_layer_and_every_step_can_be_probed():
    found = layer_inputs.run(cell(probe_every=1)).series
    assert len(found["p50"]) == 320 // 32 - 1, "a probe for each step but the last"
    for low, middle, high in zip(found["p10"], found["p50"], found["p90"], strict=True):
        assert low < middle < high
        assert high - low == pytest.approx(2.56, abs=0.7), "batch norm: near a standard normal's"
    seldom = layer_inputs.run(cell(probe_every=4)).series
    assert seldom["p50"] == found["p50"][::4]
    assert seldom["normed_mean_shift"] == found["normed_mean_shift"][::4]


def test_shifts_of_a_known_move():
    a = torch.randn(4, 50, generator=generator(0, "a"), dtype=torch.float64)
    moved = layer_inputs.shifts([a], [a + 2])
    assert moved["mean_shift"] == pytest.approx(2)
    assert moved["variance_shift"] == pytest.approx(0, abs=1e-12)
    assert moved["wasserstein"] == pytest.approx(2)
    scaled = layer_inputs.shifts([a], [3 * a])
    assert scaled["variance_shift"] == pytest.approx(8 * float(a.var(1, correction=0).mean()))


def test_noise_moves_means_by_a_third():
    layer = NoisyIdentity(4000)
    x = torch.zeros(200, 4000)
    a, b = (layer(x).T for _ in range(2))
    assert layer_inputs.shifts([a], [b])["mean_shift"] == pytest.approx(1 / 3, rel=0.05)
    assert torch.equal(layer.eval()(x), x)
    assert not list(layer.parameters())


def test_noise_of_the_last_layer_alone_leaves_the_others_as_batch_norms():
    noisy, plain, (x, _) = net("noisy_batch_norm"), net(), batch()
    layer_inputs.seed_noise(noisy, 0, last=True)
    found, expected = (layer_inputs.activations(model, x) for model in (noisy, plain))
    for one, other in zip(found["input"][:-1], expected["input"][:-1], strict=True):
        assert torch.equal(one, other)
    assert not torch.allclose(found["normed"][-1], expected["normed"][-1], atol=0.1)


def test_doses_of_noise_and_what_of_it_a_batch_shares():
    x = torch.zeros(4000, 300, dtype=torch.float64)
    shared = {}
    for layer in (noisy(300), noise_x2(300), IndependentNoise(300)):
        scale, shift = layer.noise(x)
        shared[layer] = float(shift.mean(0).std() / shift.std())
        dose = 2 if layer.n_mean == 1 else 1
        assert float(shift.std()) == pytest.approx(dose * (0.25 / 3 + 0.01 / 3) ** 0.5, rel=0.05)
        assert float(scale.mean()) == pytest.approx(1 + 0.125 * dose, rel=0.02)
    one, two, own = shared.values()
    assert one == pytest.approx(two, rel=0.1)
    assert one > 0.9
    assert own < 0.05, "every value draws its own"


def test_relative_noise_is_as_large_as_the_unit_moves():
    x = 50 + 7 * torch.randn(500, 3, generator=generator(0, "x"), dtype=torch.float64)
    layer = NoisyIdentity(3, relative=True)
    scale, shift = NoisyIdentity(3).source.noise(x)
    torch.testing.assert_close(layer(x), x * scale + shift * x.std(0, correction=0))
    assert torch.equal(layer.eval()(x), x)


def test_activations_are_those_of_the_net_and_leave_its_buffers():
    model, (x, _) = net(), batch()
    before = {name: buffer.clone() for name, buffer in model.named_buffers()}
    found = layer_inputs.activations(model, x)
    assert [one.shape for one in found["input"]] == [(5, 20)] * 3
    torch.testing.assert_close(found["normed"][-1].relu(), found["input"][-1])
    torch.testing.assert_close(found["normed"][1].mean(1), torch.zeros(5, dtype=torch.float64))
    for name, buffer in model.named_buffers():
        assert torch.equal(buffer, before[name]), name


def test_speed_counts_steps_after_a_divergence_as_chance_and_omits_a_missed_target():
    run = Run(torch.zeros(10), torch.full((10,), 0.5), diverged=True)
    found = layer_inputs.speed(run, steps=20, chance=0.1, target=0.4)
    assert found["area"] == pytest.approx(30)
    assert found["steps_to_target"] == 10
    assert "steps_to_target" not in layer_inputs.speed(run, 20, 0.1, target=0.6)


def test_lp_factories_build_their_norms():
    x = torch.randn(64, 2, generator=generator(0, "x")) + 1
    for build, scale in (
        (l1_batch_norm, x.abs().mean(0)),
        (l2_batch_norm, x.square().mean(0).sqrt()),
        (linf_batch_norm, x.abs().amax(0)),
    ):
        torch.testing.assert_close(build(2)(x), (x - x.mean(0)) / scale, rtol=1e-4, atol=1e-5)


def state(model: nn.Module) -> dict[str, Tensor]:
    return {name: p.detach().clone() for name, p in model.named_parameters()}


def test_definition_2_1_by_hand():
    model, (x, y) = net("identity"), batch()
    before = state(model)
    after = {name: p + 0.1 for name, p in before.items()}
    gradients = []
    for first in (before, after):
        model.load_state_dict({**before, **{n: first[n] for n in ("1.weight", "1.bias")}})
        loss = nn.functional.cross_entropy(model(x), y)
        gradients.append(torch.autograd.grad(loss, model[4].weight)[0])
    g, there = gradients
    found = gradient_shift.change(model, "4.weight", before, after, x, y)
    assert found[0] == pytest.approx(float((g - there).norm()))
    assert found[1] == pytest.approx(float((g - there).norm() / g.norm()))
    assert found[2] == pytest.approx(float((g * there).sum() / g.norm() / there.norm()))
    assert found[0] > 1e-3


def test_the_first_layer_has_no_shift_and_later_layers_do_not_count():
    model, (x, y) = net(), batch()
    before = state(model)
    after = {name: p + 0.1 for name, p in before.items()}
    buffers = {name: buffer.clone() for name, buffer in model.named_buffers()}
    assert gradient_shift.change(model, "1.weight", before, after, x, y) == pytest.approx((0, 0, 1))
    later = {**before, "7.weight": after["7.weight"], "4.weight": after["4.weight"]}
    assert gradient_shift.change(model, "4.weight", before, later, x, y)[0] == 0
    assert gradient_shift.change(model, "4.weight", before, after, x, y)[0] > 0
    for name, buffer in model.named_buffers():
        assert torch.equal(buffer, buffers[name]), name


def test_gradient_shift_probes_the_optimisers_own_step():
    assert gradient_shift.probed(net()) == ("7.weight", "10.weight")
    found = gradient_shift.run(cell())
    assert found == gradient_shift.run(cell())
    assert found.series["step"] == [0, 4, 8]
    shifts = [
        gradient_shift.run(cell(learning_rate=rate)).series["shift"][0] for rate in (0.01, 0.02)
    ]
    assert shifts[1] == pytest.approx(2 * shifts[0], rel=0.2), "the shift is O(rate)"
    assert gradient_shift.run(cell(learning_rate=0.0)).metrics["shift"] == 0


def test_random_directions_by_hand_and_nothing_moves():
    model, (x, y) = net("identity"), batch()
    unit = random_directions.direction(model, generator(0, "u"))
    assert random_directions.size(unit) == pytest.approx(1)
    before = state(model)
    width, change = random_directions.along(model, unit, x, y, 0.1)
    loss = nn.functional.cross_entropy
    g = torch.cat(
        [p.flatten() for p in torch.autograd.grad(loss(model(x), y), list(model.parameters()))]
    )
    losses = []
    for step in (0.5, 1.0, 2.0, 4.0):
        model.load_state_dict({n: p - step * 0.1 * g.norm() * unit[n] for n, p in before.items()})
        losses.append(float(loss(model(x), y).detach()))
    there = torch.autograd.grad(loss(model(x), y), list(model.parameters()))
    moved = torch.cat([p.flatten() for p in there])
    assert width == pytest.approx(max(losses) - min(losses))
    assert change == pytest.approx(float((g - moved).norm()))
    assert change > 0
    normed = net()
    kept = {name: value.clone() for name, value in normed.state_dict().items()}
    random_directions.along(normed, random_directions.direction(normed, generator(0, "u")), x, y, 1)
    assert all(torch.equal(value, kept[name]) for name, value in normed.state_dict().items())


def test_random_directions_are_a_function_of_the_cell():
    first, again, other = (random_directions.run(cell(seed)) for seed in (1, 1, 2))
    assert first == again
    assert first.metrics != other.metrics
    assert random_directions.run(cell(learning_rate=0.0)).metrics["loss_width"] == 0


def test_initial_scale_leaves_the_classifier_and_batch_norm_does_not_see_it():
    x, _ = batch()
    for norm, same in (("batch_norm", True), ("identity", False)):
        plain, scaled = net(norm), net(norm)
        initial_scale.scale(scaled, 4.0)
        assert torch.equal(scaled[1].weight, 4 * plain[1].weight)
        assert torch.equal(scaled[-1].weight, plain[-1].weight)
        close = torch.allclose(plain(x), scaled(x), rtol=1e-3, atol=1e-3)
        assert close == same, norm


def test_initial_scale_of_one_is_he_and_an_absurd_one_does_not_train():
    he = initial_scale.run(cell(norm="identity", weight_scale=1.0, images=3200)).metrics
    tiny = initial_scale.run(cell(norm="identity", weight_scale=1e-3, images=3200)).metrics
    assert he["train_accuracy"] > 0.3 > tiny["train_accuracy"]
    assert initial_scale.run(cell(norm="identity", weight_scale=1e4)).diverged
