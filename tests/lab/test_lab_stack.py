"""Networks trained as one compute what each computes alone."""

import copy

import pytest
import torch
from torch import nn

from bnref.lab.nets import initialise, mlp
from bnref.lab.stack import (
    backward,
    blocks,
    can_stack,
    cross_entropy,
    forward,
    stacked,
    unstacked,
)
from bnref.norms.batch_norm import BatchNorm


def nets(norm, activation="sigmoid", bias=True, count=3):
    made = [mlp(norm, 7, 5, 2, 6, activation, bias) for _ in range(count)]
    for seed, net in enumerate(made):
        initialise(net, seed)
        for p in net.parameters():  # no gain of 1, no shift of 0: an error there would not show
            p.data.add_(0.1 * torch.randn(p.shape, generator=torch.Generator().manual_seed(seed)))
    return [net.double() for net in made]


@pytest.fixture
def batch():
    draw = torch.Generator().manual_seed(5)
    x = torch.randn(3, 7, 9, generator=draw, dtype=torch.float64)
    return x, torch.randint(0, 5, (3, 9), generator=draw)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("activation", ["sigmoid", "none"])
@pytest.mark.parametrize("norm", ["batch_norm", "identity"])
def test_losses_gradients_and_running_statistics_are_those_of_autograd(
    norm, activation, bias, batch
):
    alone = nets(norm, activation, bias)
    stack = stacked(alone)
    x, labels = batch
    logits, kept = forward(stack, x)
    loss, dlogits = cross_entropy(logits, labels)
    gradients = backward(stack, kept, dlogits)
    restored = nets(norm, activation, bias)
    unstacked(stack, restored)
    for number, net in enumerate(alone):
        own = nn.functional.cross_entropy(net(x[number].T), labels[number])
        torch.testing.assert_close(loss[number], own.detach(), rtol=1e-12, atol=0)
        own.backward()
        found = [g[number].squeeze(1) for g in gradients]
        torch.testing.assert_close(found, own_gradients(net), rtol=1e-9, atol=1e-12)
        for name, value in net.state_dict().items():
            if "tracked" not in name:
                torch.testing.assert_close(restored[number].state_dict()[name], value)


def own_gradients(net):
    """What autograd found, in the order of the stack: weight, shift and scale of each layer."""
    found = []
    for linear, *rest in blocks(net):
        norm = next((m for m in rest if isinstance(m, BatchNorm)), None)
        shift = linear.bias if norm is None else norm.bias
        found += [linear.weight, *([] if shift is None else [shift])]
        found += [] if norm is None else [norm.weight]
    return [p.grad for p in found]


def test_a_run_that_is_not_finite_leaves_its_neighbours_alone(batch):
    x, labels = batch
    alone = nets("batch_norm")
    broken = copy.deepcopy(alone)
    broken[1][1].weight.data.fill_(float("nan"))
    results = []
    for some in (alone, broken):
        stack = stacked(some)
        logits, kept = forward(stack, x)
        loss, dlogits = cross_entropy(logits, labels)
        results.append([loss, *backward(stack, kept, dlogits)])
    for sound, beside in zip(*results, strict=True):
        assert torch.equal(sound[[0, 2]], beside[[0, 2]]), "bit for bit"
        assert beside[1].isnan().any()


def test_only_what_the_stack_computes_can_be_stacked():
    assert can_stack(mlp("batch_norm", 4, 2, 1, 3, "sigmoid"))
    assert not can_stack(mlp("group_norm", 4, 2, 1, 4, "sigmoid"))
    assert not can_stack(mlp("batch_norm", 4, 2, 1, 3, "relu")), "no relu in the stack"
    assert not can_stack(mlp("debiased_batch_norm", 4, 2, 1, 3, "sigmoid"))
