"""The limit density of the spectrum of a product of random matrices, by quadrature in float64."""

import math

import numpy
import torch
from torch import Tensor

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.exact import draws, sizes, worst

NODES = 200


def run(cell: Cell) -> Measured:
    """Relative error of the mean of a random polynomial under the density (`moments_error`).

    For M factors, on 0 < phi < pi/(M + 1):

        x   = sin^(M+1)((M+1) phi) / (sin phi sin^M(M phi))
        rho = sin((M+1) phi) sin phi / (pi x sin(M phi))

    has the mass 1 and the moments (M k + k)! / (k! (M k + 1)!): mean 1, mean square M + 1; and its
    largest x is (M+1)^(M+1) / M^M. `moments_control`: x as the singular value, and not its square,
    so that the mean of x^2k is the k-th moment.

    Arm: factors (M), degree (of the polynomial).
    """
    factors, degree = sizes(cell, "factors", "degree")
    draw = draws(cell, "product spectrum")
    weights = draw.uniform(0.1, 1, degree + 1)
    node, weight = numpy.polynomial.legendre.leggauss(NODES)
    end = math.pi / (factors + 1)
    phi = torch.from_numpy((node + 1) * end / 2).to(weights)
    measure = torch.from_numpy(weight * end / 2).to(weights)
    x, mass = _density(factors, phi)
    powers = torch.arange(degree + 1, dtype=x.dtype, device=x.device)
    moments = x.new_tensor([moment(factors, k) for k in range(degree + 1)])
    scaled = weights / moments  # each power adds a like share

    def mean(root: float) -> Tensor:
        return (scaled[:, None] * x ** (powers[:, None] / root) * mass * measure).sum()

    near_zero = x.new_tensor([1e-9])
    edge = (factors + 1) ** (factors + 1) / factors**factors
    return Measured(
        metrics={
            "moments_error": max(
                worst(mean(1), weights.sum(), weights.sum()),
                worst(_density(factors, near_zero)[0], edge, edge),
            ),
            "moments_control": worst(mean(0.5), weights.sum(), weights.sum()),
        }
    )


def moment(factors: int, k: int) -> float:
    """The Fuss-Catalan number (M k + k)! / (k! (M k + 1)!)."""
    return math.comb(factors * k + k, k) / (factors * k + 1)


def _density(factors: int, phi: Tensor) -> tuple[Tensor, Tensor]:
    """x, and rho |dx/dphi|, at phi."""
    m, whole, part = factors, (factors + 1) * phi, factors * phi
    x = torch.sin(whole) ** (m + 1) / (torch.sin(phi) * torch.sin(part) ** m)
    rho_x = torch.sin(whole) * torch.sin(phi) / (math.pi * torch.sin(part))
    slope = (m + 1) ** 2 / torch.tan(whole) - 1 / torch.tan(phi) - m**2 / torch.tan(part)
    return x, rho_x * slope.abs()
