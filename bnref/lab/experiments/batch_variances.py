"""What the variances of batches say of a population, by enumerating every batch, in float64."""

from collections.abc import Iterable
from itertools import combinations, product

from torch import Tensor

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.exact import draws, layer, sizes, worst
from bnref.norms.beside.population import reestimate


def run(cell: Cell) -> Measured:
    """Worst relative errors of identities of a finite population, and of a wrong formula for each.

    With the biased variance var_N of N samples, the variance estimated again from all batches:

    estimate    the mean of m/(m-1) var_B over all batches of m is var_N where batches are drawn with
                replacement, N/(N-1) var_N without; control: that it is var_N without, too
    total       over equal batches that divide the data, sorted so that they differ, mean of var_B
                plus variance of mean_B is the variance of all; control: the first term alone
    images      for images of p pixels, m' = m p, with correlation rho of two pixels of an image, the
                mean of m'/(m'-1) var_B is var_N m'/(m'-1) (1 - (1 + (p - 1) rho) / m');
                control: with m/(m-1) for m images
    unbiased    that the mean of m'/(m'-1) var_B is var_N, as for independent pixels

    Arm: norm, channels, population (N), batch_size (m), size (of square images).
    """
    channels, population, m, size = sizes(cell, "channels", "population", "batch_size", "size")
    draw = draws(cell, "batch variances")
    x = draw.hard(population, channels, offset=10)
    every = list(product(range(population), repeat=m))
    each_once = list(combinations(range(population), m))

    def estimated(batches: Iterable[Tensor], formula: str) -> Tensor:
        bn = layer(cell, channels)
        images = (batch.view(*batch.shape, *(1,) * (4 - batch.dim())) for batch in batches)
        reestimate(bn, images, formula)  # type: ignore[arg-type]
        assert isinstance(bn.running_var, Tensor)
        return bn.running_var

    def mean_var(data: Tensor, chosen: list[tuple[int, ...]]) -> Tensor:
        return estimated((data[list(batch)] for batch in chosen), "mean of variances")

    var = x.var(0, correction=0)
    without = mean_var(x, each_once)
    sorted_x = draw.hard(8 * m, channels, offset=10).sort(0).values
    batches = sorted_x.view(8, m, channels)
    total = sorted_x.var(0, correction=0)
    within, between = batches.var(1, correction=0).mean(0), batches.mean(1).var(0, correction=0)
    metrics = {
        "estimate_error": max(
            worst(mean_var(x, every), var, var),
            worst(without, var * population / (population - 1), var),
        ),
        "estimate_control": worst(without, var, var),
        "total_error": max(
            worst(within + between, total, total),
            worst(estimated(batches, "total variance"), total, total),
        ),
        "total_control": worst(within, total, total),
    }
    shared = draw.hard(population, channels, 1, 1, offset=10)
    images = shared + shared.std() * draw.normal(population, channels, size, size)
    pixels, count = size * size, m * size * size
    var = images.var((0, 2, 3), correction=0)
    found = mean_var(images, every)
    law = 1 - (1 + (pixels - 1) * correlation(images)) / count
    return Measured(
        metrics={
            **metrics,
            "images_error": worst(found, var * law * count / (count - 1), var),
            "images_control": worst(found, var * law * m / (m - 1), var),
            "unbiased_error": worst(found, var, var),
        }
    )


def correlation(images: Tensor) -> Tensor:
    """Intraclass correlation (C,): the mean product of two different pixels of an image, over var_N.

    Of deviations from the mean of all pixels of the channel; images (N, C, H, W).
    """
    centred = (images - images.mean((0, 2, 3), keepdim=True)).flatten(2)
    pixels = centred.shape[-1]
    pairs = centred.sum(-1).square() - centred.square().sum(-1)
    return pairs.mean(0) / (pixels - 1) / pixels / centred.square().mean((0, 2))
