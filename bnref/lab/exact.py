"""What experiments on identities share: hard inputs, layers in float64, errors that a record can hold."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

import bnref.norms
from bnref.evidence.cell import Cell
from bnref.lab.randomness import generator

EPS = 1e-5
NO_EPS = 1e-300
"""Adding it leaves every float64 variance as it is; torch's own layer refuses eps = 0."""


@dataclass(frozen=True)
class Draws:
    """Random float64 tensors, drawn on the CPU so that every device has the same."""

    generator: torch.Generator
    device: str

    def normal(self, *shape: int) -> Tensor:
        """Standard normal values."""
        return torch.randn(shape, generator=self.generator, dtype=torch.float64).to(self.device)

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        """Values between low and high."""
        drawn = torch.rand(shape, generator=self.generator, dtype=torch.float64)
        return (low + (high - low) * drawn).to(self.device)

    def decades(self, reach: float, *shape: int) -> Tensor:
        """Positive numbers over ten to the power of -reach to reach, the logarithm uniform."""
        return torch.pow(10.0, self.uniform(-reach, reach, *shape))

    def signs(self, *shape: int) -> Tensor:
        """-1 or 1, each as likely."""
        drawn = torch.randint(0, 2, shape, generator=self.generator) * 2 - 1
        return drawn.double().to(self.device)

    def hard(self, *shape: int, reach: float = 4.0, offset: float = 1e3) -> Tensor:
        """Batches (N, C, ...) whose channels differ in scale by decades and lie far from zero.

        Each channel has a standard deviation sd of ten to the power of -reach to reach, and a
        location within `offset` times sd.
        """
        channels = (1, shape[1], *(1,) * (len(shape) - 2))
        scale = self.decades(reach, *channels)
        return scale * (self.uniform(-offset, offset, *channels) + self.normal(*shape))


def draws(cell: Cell, purpose: str) -> Draws:
    """The random numbers of a cell for one purpose."""
    return Draws(generator(cell.seed, purpose), cell.device)


def sizes(cell: Cell, *names: str) -> tuple[int, ...]:
    """Whole numbers among the arm's parameters."""
    return tuple(int(cell.arm[name]) for name in names)  # type: ignore[arg-type]


def layer(cell: Cell, channels: int, eps: float = NO_EPS) -> nn.Module:
    """The arm's norm for so many channels in float64, in training mode, weight 1 and bias 0.

    Raises ValueError where it has no eps, weight or bias per channel: its formula is then another.
    """
    norm = str(cell.arm["norm"])
    built = bnref.norms.get(norm).build(channels).to(cell.device, torch.float64).train()
    missing = [name for name in ("eps", "weight", "bias") if getattr(built, name, None) is None]
    if missing:
        raise ValueError(
            f"{norm} has no {' and no '.join(missing)}: the identity cannot be checked"
        )
    built.eps = eps  # type: ignore[assignment]
    affine(built, torch.ones(channels), torch.zeros(channels))
    return built


@torch.no_grad()
def affine(built: nn.Module, weight: Tensor, bias: Tensor) -> None:
    """Sets weight and bias, in place. Raises ValueError unless both are (channels,)."""
    for name, value in (("weight", weight), ("bias", bias)):
        parameter = getattr(built, name)
        if parameter.shape != value.shape:
            raise ValueError(
                f"expected a {name} {tuple(value.shape)}, not {tuple(parameter.shape)}"
            )
        parameter.copy_(value)


def worst(found: Tensor, expected: Tensor | float, size: Tensor | float = 1.0) -> float:
    """Largest |found - expected| / size; what is not finite counts as 1e300, as records are finite."""
    error = float(((found - expected).abs() / size).max().detach())
    return error if math.isfinite(error) else 1e300


def on_matrix(built: nn.Module, x: Tensor) -> Tensor:
    """The layer on (N, C), given as images of one pixel, which every layer of this project takes."""
    y: Tensor = built(x[:, :, None, None])[:, :, 0, 0]
    return y


def over_batch(x: Tensor) -> tuple[int, ...]:
    """The axes of (N, C, ...) that batch norm pools over."""
    return (0, *range(2, x.dim()))


def moments(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and biased variance of each channel, shaped (1, C, 1, ...)."""
    axes = over_batch(x)
    mean = x.mean(axes, keepdim=True)
    return mean, (x - mean).square().mean(axes, keepdim=True)
