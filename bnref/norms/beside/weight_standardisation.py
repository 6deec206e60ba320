"""Weight Standardization: each output channel's weights get mean 0 and standard deviation 1.

    W_o -> (W_o - mean) / (std + eps)      over the inputs and space of output o, std unbiased

Source: Qiao et al. 2019, section 3, equation 7; the unbiased std and where eps stands are those of
the authors' code (the equation has the biased one, eps inside the root).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


def standardise(weight: Tensor, eps: float = 1e-5) -> Tensor:
    """The weights (out, in, ...) standardised over all but the first dimension, of the same type.

    Blind to a scale (up to eps) and a shift of each output's weights. Computes in float32 at least,
    under autocast, too. Differentiable any number of times, and works under torch.func.

    Raises ValueError if an output has fewer than two weights.
    """
    if weight.dim() < 2 or weight[0].numel() < 2:
        raise ValueError(
            f"expected two or more weights per output, found weights {tuple(weight.shape)}"
        )
    wide = weight.float() if weight.dtype in (torch.float16, torch.bfloat16) else weight
    flat = wide.flatten(1)
    centred = flat - flat.mean(1, keepdim=True)
    var = (centred * centred).sum(1, keepdim=True) / (flat.shape[1] - 1)
    return (centred / (var.sqrt() + eps)).view_as(weight).to(weight.dtype)


class StandardisedConv2d(nn.Conv2d):
    """nn.Conv2d that convolves with `standardise(weight)`; state dict and arguments are Conv2d's.

    The same in training and evaluation. A normaliser should follow: weights of unit variance make
    the output sqrt(fan in) times as large as the input.
    """

    def __init__(self, *args: Any, ws_eps: float = 1e-5, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ws_eps = ws_eps

    def forward(self, x: Tensor) -> Tensor:
        return self._conv_forward(x, standardise(self.weight, self.ws_eps), self.bias)
