"""Deep linear networks with l1 batch norms, trained as one: a stack as in `bnref.lab.stack`.

    y = W x      z = scale * yhat + shift      yhat = (y - E y) / (E|y| + eps)

behind every W but the last. The sample of a unit is a batch of m; y is not centred in E|y|, and so

    dL/dy = scale / (E|y| + eps) * (g - E g - sign(y) E[g yhat])      g = dL/dz
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from bnref.lab.stack import Layer, Stack, blocks
from bnref.norms.lp_batch_norm import LpBatchNorm

EPS = 1e-5
"""Of the layers that can be stacked, what they add to the mean size."""


def is_l1(net: nn.Module) -> bool:
    """Whether the net is linear layers with l1 batch norms of values that are not centred."""
    norms = [module for module in net.modules() if isinstance(module, LpBatchNorm)]
    known = {nn.Flatten, nn.Linear, nn.Identity, LpBatchNorm}
    same = all(norm.p == 1 and not norm.centred and norm.eps == EPS for norm in norms)
    return bool(norms) and same and {type(m) for m in net.children()} <= known


def l1_stacked(nets: Sequence[nn.Sequential]) -> Stack:
    """The stack of these nets, which have one shape and no bias in a linear layer."""

    def layer(same: Sequence[Sequence[nn.Module]]) -> Layer:
        norms = [module for block in same for module in block if isinstance(module, LpBatchNorm)]
        shift, scale = (
            torch.stack([getattr(norm, name).detach() for norm in norms]).unsqueeze(2)
            if norms
            else None
            for name in ("bias", "weight")
        )
        weight = torch.stack([block[0].weight.detach() for block in same])  # type: ignore[operator]
        return Layer(weight, shift, scale, mean=None, var=None, norm=None, sigmoid=False)

    return tuple(layer(same) for same in zip(*(blocks(net) for net in nets), strict=True))


def l1_forward(stack: Stack, x: Tensor) -> tuple[Tensor, list[tuple[Tensor, ...]]]:
    """Outputs (S, C, N) of x (S, D, N), and what backward needs of each layer."""
    kept: list[tuple[Tensor, ...]] = []
    for layer in stack:
        y = torch.bmm(layer.weight, x)
        if layer.scale is None or layer.shift is None:
            kept.append((x,))
            x = y
            continue
        size = y.abs().mean(2, keepdim=True).add_(EPS)
        yhat = (y - y.mean(2, keepdim=True)).div_(size)
        kept.append((x, y.sign_(), size, yhat))
        x = torch.addcmul(layer.shift, yhat, layer.scale)
    return x, kept


def l1_backward(stack: Stack, kept: list[tuple[Tensor, ...]], g: Tensor) -> list[Tensor]:
    """Gradients of all parameters, layer by layer, from g = dL/d(output) (S, C, N)."""
    gradients: list[list[Tensor]] = []
    for layer, (x, *normed) in zip(reversed(stack), reversed(kept), strict=True):
        found: list[Tensor] = []
        if layer.scale is not None:
            sign, size, yhat = normed
            found = [g.sum(2, keepdim=True), (g * yhat).sum(2, keepdim=True)]
            total, along = (one / g.shape[2] for one in found)
            g = torch.addcmul(g - total, sign, along, value=-1).mul_(layer.scale / size)
        gradients.append([torch.bmm(g, x.mT), *found])
        if layer is not stack[0]:
            g = torch.bmm(layer.weight.mT, g)
    return [gradient for layer in reversed(gradients) for gradient in layer]
