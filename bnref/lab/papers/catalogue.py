"""The papers' networks by the names that arms give them."""

from collections.abc import Callable
from functools import partial

from torch import nn

import bnref.norms
from bnref.lab.papers.inception import bn_inception, small_inception
from bnref.lab.papers.parts import Builder
from bnref.lab.papers.resnet import cifar_resnet, resnet50, resnet101
from bnref.lab.papers.vgg import vgg16
from bnref.lab.papers.wide_resnet import wide_resnet

PAPER_NETS: dict[str, Callable[[Builder, int], nn.Sequential]] = {
    "vgg16": vgg16,
    "resnet20": partial(cifar_resnet, 20),
    "resnet56": partial(cifar_resnet, 56),
    "resnet110": partial(cifar_resnet, 110),
    "resnet101": resnet101,
    "wide_resnet16_2": partial(wide_resnet, 16, 2),
    "wide_resnet100_2": partial(wide_resnet, 100, 2),
    "wide_resnet1000_2": partial(wide_resnet, 1000, 2),
    "wide_resnet16_4": partial(wide_resnet, 16, 4),
    "resnet50": resnet50,
    "bn_inception": bn_inception,
    "small_inception": small_inception,
}
"""(build of a normaliser, classes) -> the network: for 32x32 pixels, resnet50 and bn_inception for 224."""


def paper_net(name: str, norm: str, classes: int, channels: int = 3) -> nn.Sequential:
    """The network with this normaliser of `bnref.norms` in the place of batch norm.

    "identity" is none. Weights are torch's until `bnref.lab.nets.initialise`. Raises ValueError
    for an unknown name, and for images of other than three `channels` where it is no ResNet of CIFAR.
    """
    if name not in PAPER_NETS:
        raise ValueError(f"no network {name!r}: one of {', '.join(PAPER_NETS)}")
    build: Callable[..., nn.Sequential] = PAPER_NETS[name]
    if channels != 3:
        if getattr(build, "func", None) is not cifar_resnet:
            raise ValueError(f"network {name!r} takes images of 3 channels, not of {channels}")
        build = partial(build, channels=channels)
    return build(bnref.norms.get(norm).build, classes)
