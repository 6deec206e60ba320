"""How variance and gradients grow along the blocks of residual networks at their start.

De & Smith 2020, section 2. No training: Gaussian inputs, independent weights.
"""

import torch
from torch import Tensor

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.randomness import generator
from bnref.lab.residual import FORMS, Blocks


def run(cell: Cell) -> Measured:
    """Series over the blocks l = 0 .. depth, each averaged over independent networks and units.

    second_moment    E[x_l^2]
    batch_variance   of a unit over the batch (1 / batch_size), averaged over units
    gradient         E[(d s / d x_l)^2], s a random linear functional of the last stream
    branch           E[(alpha f_l)^2], what block l adds: `depth` points
    cosine           mean cosine of two inputs' streams, which is 0 for the inputs

    Metrics: final_cosine and, for forms whose skip is 1, effective_depth = sum_l E[(alpha f_l)^2] /
    E[x_{l+1}^2]: the mean number of branches on a path that weighs what it adds to E[x_d^2].

    Arm: form (see bnref.lab.residual), linear (no ReLU, LeCun's variance), depth, width, batch_size,
    networks (how many are averaged).
    """
    arm = cell.arm
    depth, width, batch_size, networks = (
        int(arm[name])  # type: ignore[arg-type]
        for name in ("depth", "width", "batch_size", "networks")
    )
    blocks = Blocks(
        FORMS[str(arm["form"])],
        depth=depth,
        width=width,
        copies=networks,
        seed=cell.seed,
        linear=bool(arm["linear"]),
        independent=True,
    ).to(cell.device)
    draw = generator(cell.seed, "inputs")
    x = torch.randn(networks, width, batch_size, generator=draw).to(cell.device)
    streams, branches = [x.requires_grad_()], []
    for stream, branch in blocks.streams(x):
        streams.append(stream)
        branches.append(moment(branch))
    functional = torch.randn(x.shape, generator=draw).to(cell.device)
    gradients = torch.autograd.grad((streams[-1] * functional).sum(), streams)
    series = {
        "block": [float(block) for block in range(depth + 1)],
        "second_moment": [moment(stream) for stream in streams],
        "batch_variance": [batch_variance(stream) for stream in streams],
        "gradient": [moment(gradient) for gradient in gradients],
        "branch": branches,
        "cosine": [cosine(stream.detach()) for stream in streams],
    }
    pairs = zip(branches, series["second_moment"][1:], strict=True)
    metrics = {
        "final_cosine": series["cosine"][-1],
        "effective_depth": sum(branch / after for branch, after in pairs),
    }
    return Measured(metrics=metrics, series=series)


def moment(x: Tensor) -> float:
    """Mean square of any tensor."""
    return float(x.detach().double().square().mean())


def batch_variance(x: Tensor) -> float:
    """Biased variance over the last dimension of (networks, units, batch), averaged over the others."""
    return float(x.detach().double().var(2, correction=0).mean())


def cosine(x: Tensor) -> float:
    """Cosine of neighbouring inputs of (networks, units, batch), averaged over pairs and networks."""
    return float(torch.cosine_similarity(x, x.roll(1, 2), dim=1).mean())
