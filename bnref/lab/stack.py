"""Several small networks of one shape, trained as one: batched products, gradients written out.

A stack holds the parameters of `mlp` networks that differ in their numbers alone, each tensor with the
number of the network in front. Features come before samples, (S, C, N), so that statistics of a batch
are sums over neighbours in memory. The ordinary networks define what is computed: `stacked` reads them
and `unstacked` writes them back for evaluation; a test compares both in float64.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from bnref.norms.batch_norm import BatchNorm
from bnref.norms.identity import Identity


@dataclass(frozen=True)
class Layer:
    """Linear layer, batch norm or none, activation or none, of S networks.

    weight (S, C, D); shift (S, C, 1) is batch norm's or the linear layer's own, None without either;
    scale (S, C, 1) and the running statistics (S, C, 1) are batch norm's, None without it.
    """

    weight: Tensor
    shift: Tensor | None
    scale: Tensor | None
    mean: Tensor | None
    var: Tensor | None
    norm: BatchNorm | None
    sigmoid: bool

    def parameters(self) -> list[Tensor]:
        """The tensors that are trained, as `backward` orders their gradients."""
        return [p for p in (self.weight, self.shift, self.scale) if p is not None]


Stack = tuple[Layer, ...]


@dataclass(frozen=True)
class Given:
    """A layer's input, rows * scale + shift: (S, D, N), (S, D, 1), (S, D, 1).

    Batch norm without an activation hands on its centred rows, and what it does to them is done to the
    next weights, which are smaller. Rows that have scale and shift are centred, and stay so.
    """

    rows: Tensor
    scale: Tensor | None = None
    shift: Tensor | None = None


@dataclass(frozen=True)
class Kept:
    """What backward needs of a layer: its input, the weights that its rows met, with the input's scale
    in them, 1/sqrt(var + eps), and its output or its centred rows.
    """

    given: Given
    weight: Tensor
    rstd: Tensor | None
    y: Tensor


def can_stack(net: nn.Module) -> bool:
    """Whether the net is linear layers, this project's batch norm, sigmoids and nothing else."""
    known = {nn.Flatten, nn.Linear, nn.Identity, nn.Sigmoid, Identity, BatchNorm}
    return {type(m) for m in net.children()} <= known


def stacked(nets: Sequence[nn.Sequential]) -> Stack:
    """The stack of these nets, which have one shape. Copies: the nets stay as they are."""
    return tuple(
        _layer([block[0] for block in same], [block[1:] for block in same])
        for same in zip(*(blocks(net) for net in nets), strict=True)
    )


@torch.no_grad()
def unstacked(stack: Stack, nets: Sequence[nn.Sequential]) -> None:
    """Write parameters and running statistics of the stack into the nets that it was made of."""
    for number, net in enumerate(nets):
        for layer, (linear, *rest) in zip(stack, blocks(net), strict=True):
            norm = _norm(rest)
            own: list[tuple[nn.Module | None, str, Tensor | None]] = [
                (linear, "weight", layer.weight),
                (norm or linear, "bias", layer.shift),
                (norm, "weight", layer.scale),
                (norm, "running_mean", layer.mean),
                (norm, "running_var", layer.var),
            ]
            for module, name, values in own:
                if values is not None:
                    tensor = getattr(module, name)
                    tensor.copy_(values[number].view_as(tensor))


def blocks(net: Iterable[nn.Module]) -> list[list[nn.Module]]:
    """The net's layers, each linear layer with what follows it."""
    blocks: list[list[nn.Module]] = []
    for module in net:
        if isinstance(module, nn.Linear):
            blocks.append([])
        if blocks:
            blocks[-1].append(module)
    return blocks


def copied(stack: Stack) -> Stack:
    """The stack as it is now: later steps leave the copy alone."""
    fields = ("weight", "shift", "scale", "mean", "var")
    return tuple(
        replace(layer, **{f: v.clone() for f in fields if (v := getattr(layer, f)) is not None})
        for layer in stack
    )


def forward(stack: Stack, x: Tensor, track: bool = True) -> tuple[Tensor, list[Kept]]:
    """Outputs (S, C, N) of x (S, D, N) in training mode; `track` moves the running statistics.

    The last layer has neither batch norm nor activation.
    """
    kept: list[Kept] = []
    given = Given(x)
    for layer in stack:
        weight, offset = layer.weight, None
        if given.scale is not None and given.shift is not None:
            weight = layer.weight * given.scale.mT
            if track or layer.norm is None:
                offset = torch.bmm(layer.weight, given.shift)
        y = torch.bmm(weight, given.rows)
        scale, rstd = layer.scale, None
        if layer.norm is not None and scale is not None:
            if given.scale is None:
                offset = y.mean(2, keepdim=True)
                y.sub_(offset)
            var = torch.linalg.vector_norm(y, dim=2, keepdim=True).square_().div_(y.shape[2])
            rstd = (var + layer.norm.eps).rsqrt_()
            scale = scale * rstd
            if track and offset is not None:
                _track(layer, offset, var, y.shape[2])
        elif offset is not None:
            y.add_(offset)
        kept.append(Kept(given, weight, rstd, y))
        given = Given(y, scale, layer.shift)
        if scale is None or layer.sigmoid:
            y = y if scale is None else y * scale
            y = y if layer.shift is None else y.add_(layer.shift)
            given = Given(y.sigmoid() if layer.sigmoid else y)
    return given.rows, kept


def backward(stack: Stack, kept: Sequence[Kept], dy: Tensor) -> list[Tensor]:
    """Gradients of all parameters, layer by layer, from dy (S, C, N).

    Sigmoid: dy * y * (1 - y). Batch norm: the formula of `bnref.norms.batch_norm`; its two sums are taken
    over the rows where a sigmoid follows it. Else dy is weight.T dy' of the next layer, so they are
    sums over weight, which is small: of weight * total', total' the sum of dy', and of
    weight * (dy' rows.T), a product that the gradient of weight has anyway.
    """
    gradients: list[list[Tensor]] = []
    # The sum of dy over the rows; None where it is 0, as behind a batch norm, or nothing needs it.
    total: Tensor | None = dy.sum(2, keepdim=True)
    own = [] if stack[-1].shift is None or total is None else [total]
    for number in reversed(range(len(stack))):
        weight, given = stack[number].weight, kept[number].given
        dweight = torch.bmm(dy, given.rows.mT)
        gradients.append([dweight, *own])
        if number == 0:
            break
        below, rstd, y = stack[number - 1], kept[number - 1].rstd, kept[number - 1].y
        dy = torch.bmm(kept[number].weight.mT, dy)
        if given.scale is None or given.shift is None or rstd is None:
            if below.sigmoid:
                dy = torch.ops.aten.sigmoid_backward(dy, given.rows)
            total = None if below.shift is None else dy.sum(2, keepdim=True)
            own = [] if total is None else [total]
            if rstd is None or below.scale is None:
                continue
            factor, products = below.scale * rstd, (dy * y).sum(2, keepdim=True)
            dy.mul_(factor)
        else:
            factor, products = given.scale, (weight * dweight).sum(1, keepdim=True).mT
            dweight.mul_(factor.mT)
            if total is not None:
                dweight.baddbmm_(total, given.shift.mT)
                total = torch.bmm(weight.mT, total)
        dscale = products * rstd
        own = [torch.zeros_like(dscale) if total is None else total, dscale]
        dy.addcmul_(y, factor * rstd * dscale, value=-1 / dy.shape[2])
        if total is not None:
            dy.sub_(factor * total / dy.shape[2])
        total = None
    return [gradient for layer in reversed(gradients) for gradient in layer]


def parameters(stack: Stack) -> list[Tensor]:
    """All trained tensors, in the order of `backward`."""
    return [parameter for layer in stack for parameter in layer.parameters()]


def cross_entropy(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Mean cross-entropy (S,) of logits (S, classes, N), labels (S, N), and its gradient."""
    log = logits.log_softmax(1)
    chosen = labels.unsqueeze(1)
    count = labels.shape[1]
    gradient = log.exp().scatter_add_(1, chosen, log.new_full((), -1.0).expand(chosen.shape))
    return -log.gather(1, chosen).mean((1, 2)), gradient.div_(count)


def _track(layer: Layer, mean: Tensor, var: Tensor, count: int) -> None:
    """The running statistics as `BatchNorm.track` moves them, momentum being the new batch's weight."""
    assert layer.norm is not None
    assert layer.mean is not None
    assert layer.var is not None
    weight = layer.norm.momentum
    assert weight is not None, "a stack has no cumulative average: momentum must be a number"
    layer.mean.mul_(1 - weight).add_(mean, alpha=weight)
    layer.var.mul_(1 - weight).add_(var, alpha=weight * count / (count - 1))


def _norm(rest: Iterable[nn.Module]) -> BatchNorm | None:
    return next((module for module in rest if isinstance(module, BatchNorm)), None)


def _layer(linears: Sequence[nn.Module], rests: Sequence[Sequence[nn.Module]]) -> Layer:
    norms = [_norm(rest) for rest in rests]

    def together(owners: Sequence[nn.Module | None], name: str) -> Tensor | None:
        found = [getattr(owner, name, None) for owner in owners]
        tensors = [tensor.detach() for tensor in found if tensor is not None]
        return torch.stack(tensors).unsqueeze(2) if tensors else None

    return Layer(
        weight=torch.stack([linear.weight.detach() for linear in linears]),  # type: ignore[operator]
        shift=together(linears if norms[0] is None else norms, "bias"),
        scale=together(norms, "weight"),
        mean=together(norms, "running_mean"),
        var=together(norms, "running_var"),
        norm=norms[0],
        sigmoid=any(isinstance(m, nn.Sigmoid) for m in rests[0]),
    )
