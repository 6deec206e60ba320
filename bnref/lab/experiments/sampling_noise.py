"""The noise of a gradient step from a random batch, by enumerating every batch, in float64."""

from collections.abc import Iterable
from itertools import combinations, product

import torch
from torch import Tensor

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.exact import draws, sizes, worst


def run(cell: Cell) -> Measured:
    """Worst relative error of the expected squared error of a step (`noise_error`).

    With the gradients g_i of N examples, their mean g, C = mean |g_i - g|^2, batches of b and the
    step size alpha, E|noise|^2 over C alpha^2 / b is 1 for batches drawn with replacement,
    (N - b)/(N - 1) without, and 1 - b/N where each example enters with probability b/N and the noise
    is alpha/b sum (g_i - g). `noise_control`: that it is 1 without replacement, too;
    `uncentred_control`: that it is 1 - b/N for alpha/b sum g_i - alpha g in the third case.

    Per-example gradients are those of a logistic regression, which do not depend on the batch.
    Arm: population (N), batch_size (b), inputs.
    """
    count, b, inputs = sizes(cell, "population", "batch_size", "inputs")
    draw = draws(cell, "sampling noise")
    x = draw.hard(count, inputs, reach=1, offset=10)
    w, label = draw.normal(inputs), (draw.signs(count) + 1) / 2
    alpha = draw.decades(3)
    g = (torch.sigmoid(x @ w / x.norm()) - label)[:, None] * x
    centred = g - g.mean(0)
    unit = alpha**2 * centred.square().sum(1).mean() / b

    def mean_square(counts: Tensor, weights: Tensor, of: Tensor, less: Tensor) -> Tensor:
        """E|alpha/b sum_i counts_i of_i - alpha less|^2, in units of C alpha^2 / b."""
        noise = alpha * (counts @ of / b - less)
        return (weights * noise.square().sum(1)).sum() / unit

    drawn = _counts(product(range(count), repeat=b), g)
    once = _counts(combinations(range(count), b), g)
    included = g.new_tensor(list(product((0, 1), repeat=count)))
    share = b / count
    chances = (share**included * (1 - share) ** (1 - included)).prod(1)
    zero = torch.zeros_like(g[0])
    with_replacement = mean_square(drawn, drawn.new_tensor(1 / len(drawn)), g, g.mean(0))
    without = mean_square(once, once.new_tensor(1 / len(once)), g, g.mean(0))
    bernoulli = mean_square(included, chances, centred, zero)
    uncentred = mean_square(included, chances, g, g.mean(0))
    return Measured(
        metrics={
            "noise_error": max(
                worst(with_replacement, 1.0),
                worst(without, (count - b) / (count - 1)),
                worst(bernoulli, 1 - share),
            ),
            "noise_control": worst(without, 1.0),
            "uncentred_control": worst(uncentred, 1 - share),
        }
    )


def _counts(batches: Iterable[tuple[int, ...]], like: Tensor) -> Tensor:
    """How often each example is in each batch (batches, N)."""
    chosen = torch.tensor(list(batches), device=like.device)
    counts = like.new_zeros(len(chosen), len(like))
    return counts.scatter_add_(1, chosen, torch.ones_like(chosen, dtype=like.dtype))
