"""Root Mean Square Normalization of feature maps: layer norm that does not centre.

    y = weight * x / sqrt(E[x^2] + eps)      E over channels and space of one sample

Source: Zhang & Sennrich 2019, section 3, equation 4.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bnref.norms._batch_statistics import checked
from bnref.norms._channels import along
from bnref.norms._norm import Norm


class RMSNorm(nn.Module):
    """Input (N, C, ...), pooled as LayerNorm here: over all m = C * space values of a sample.

    For (N, C) it is torch.nn.RMSNorm(C, eps); there a feature map has a weight per value, here one
    per channel, and no bias. There is no variance and no momentum; training and evaluation are the
    same. Statistics in float32 at least. Differentiable twice; works under torch.func.

    Raises ValueError if the channels differ.
    """

    def __init__(self, channels: int, eps: float = 1e-5, affine: bool = True) -> None:
        super().__init__()
        self.channels, self.eps, self.affine = channels, eps, affine
        self.weight = nn.Parameter(torch.ones(channels)) if affine else None

    def forward(self, x: Tensor) -> Tensor:
        checked(x, self.channels, least=0)
        if x.dtype in (torch.float16, torch.bfloat16):
            return self.forward(x.float()).to(x.dtype)
        square = (x * x).mean(tuple(range(1, x.dim())), keepdim=True)
        xhat = x * (square + self.eps).rsqrt()
        return xhat if self.weight is None else xhat * along(self.weight, x)

    def extra_repr(self) -> str:
        return f"{self.channels}, eps={self.eps}, affine={self.affine}"


NORM = Norm(
    name="rms_norm",
    build=RMSNorm,
    pools_over="channels and space, per sample",
    source="Zhang & Sennrich 2019, section 3, equation 4",
    conventions="mean square, not centred; eps 1e-5 inside the square root; weight per channel, no "
    "bias; no running statistics: training and evaluation are the same; statistics in float32 at "
    "least",
)
