"""The hidden layers of a net, found while it computes, whatever modules hold them."""

from dataclasses import dataclass

from torch import Tensor, nn


@dataclass(frozen=True)
class Hidden:
    """A convolution or linear layer, the module that takes what it puts out, and both outputs.

    In a plain net `behind` is the normaliser, y (N, C, ...) its input and z its output.
    """

    layer: nn.Conv2d | nn.Linear
    behind: nn.Module
    y: Tensor
    z: Tensor


def hidden(net: nn.Module, images: Tensor) -> tuple[Tensor, list[Hidden]]:
    """The net's outputs for the images and its hidden layers in the order in which they compute.

    The classifier, behind which nothing stands, is none. Buffers are left as they were.
    """
    kept = [buffer.clone() for buffer in net.buffers()]
    waiting: dict[int, tuple[nn.Conv2d | nn.Linear, Tensor]] = {}
    found: list[Hidden] = []

    def follow(module: nn.Module, given: tuple[Tensor], out: Tensor) -> None:
        if id(given[0]) in waiting:
            layer, y = waiting.pop(id(given[0]))
            found.append(Hidden(layer, module, y, out))
        if isinstance(module, nn.Conv2d | nn.Linear):
            waiting[id(out)] = (module, out)

    leaves = [module for module in net.modules() if not list(module.children())]
    hooks = [module.register_forward_hook(follow) for module in leaves]
    try:
        outputs = net(images)
    finally:
        for hook in hooks:
            hook.remove()
        for buffer, value in zip(net.buffers(), kept, strict=True):
            buffer.detach().copy_(value)
    return outputs, found


def by_unit(values: Tensor) -> Tensor:
    """(N, C, ...) as (C, numbers): a channel is a unit, images and places are its sample."""
    return values.transpose(0, 1).flatten(1)
