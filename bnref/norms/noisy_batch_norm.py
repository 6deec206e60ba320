"""Noisy Batch Normalization: batch norm, then noise that shifts and scales every unit anew.

    training     y = s * BN(x) + m      for channel j at this step, once:
                 mu ~ U(-n_mean, n_mean)      sigma ~ U(1, n_std)
                 for each of its values:      m ~ U(mu - r_mean, mu + r_mean)      s ~ N(sigma, r_std)
    evaluation   as batch norm, without noise

Source: Santurkar et al. 2018, appendix A.2.1, algorithm 1.
"""

from __future__ import annotations

import torch
from torch import Tensor

from bnref.norms._norm import Norm
from bnref.norms.batch_norm import BatchNorm


class NoisyBatchNorm(BatchNorm):
    """Input (N, C, ...). BN(x) includes weight and bias; r_std is a standard deviation.

    All noise comes from `generator`, in the order mu, sigma, m, s, and none is differentiated. The
    generator is no part of the state dict, and two layers must not share a seed: give each its own.
    The paper says nothing of evaluation: here it has no noise. Else as BatchNorm: biased variance,
    `momentum` of the new batch, errors. Differentiable twice, for the same noise; torch.compile
    breaks the graph where noise is drawn; not under torch.func in training.
    """

    def __init__(
        self,
        channels: int,
        generator: torch.Generator,
        n_mean: float = 0.5,
        n_std: float = 1.25,
        r_mean: float = 0.1,
        r_std: float = 0.1,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
    ) -> None:
        super().__init__(channels, eps, momentum, affine)
        self.generator = generator
        self.n_mean, self.n_std, self.r_mean, self.r_std = n_mean, n_std, r_mean, r_std

    def forward(self, x: Tensor) -> Tensor:
        if x.dtype in (torch.float16, torch.bfloat16):
            return self.forward(x.float()).to(x.dtype)
        y = super().forward(x)
        if not self.training:
            return y
        scale, shift = self.noise(y)
        return y * scale + shift

    @torch.compiler.disable  # type: ignore[untyped-decorator]
    def noise(self, like: Tensor) -> tuple[Tensor, Tensor]:
        """One draw of s and m, of this shape, dtype and device."""
        one = (1, self.channels, *(1,) * (like.dim() - 2))
        mu = (2 * self.uniform(one, like) - 1) * self.n_mean
        sigma = 1 + self.uniform(one, like) * (self.n_std - 1)
        shift = mu + (2 * self.uniform(like.shape, like) - 1) * self.r_mean
        normal = torch.randn(
            like.shape, generator=self.generator, dtype=like.dtype, device=self.generator.device
        )
        return sigma + normal.to(like.device, non_blocking=True) * self.r_std, shift

    def uniform(self, shape: tuple[int, ...], like: Tensor) -> Tensor:
        """Uniform numbers in [0, 1) from the generator, with the dtype and device of `like`."""
        drawn = torch.rand(
            shape, generator=self.generator, dtype=like.dtype, device=self.generator.device
        )
        return drawn.to(like.device, non_blocking=True)


def build(channels: int) -> NoisyBatchNorm:
    """NoisyBatchNorm with a generator of seed 0: who builds several seeds each layer's generator."""
    return NoisyBatchNorm(channels, torch.Generator().manual_seed(0))


NORM = Norm(
    name="noisy_batch_norm",
    build=build,
    pools_over="batch and space",
    source="Santurkar et al. 2018, appendix A.2.1, algorithm 1",
    conventions="as batch_norm (biased variance in training, unbiased in running_var, momentum 0.1 "
    "of the new batch, eps 1e-5 inside the square root), then noise after weight and bias in training "
    "only; n_mean 0.5, n_std 1.25, r_mean 0.1, r_std 0.1, a standard deviation; a seeded generator",
)
