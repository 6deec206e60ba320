"""The papers' networks by the names that arms give them."""

from collections.abc import Callable
from functools import partial

from torch import nn

import bnref.norms
from bnref.lab.papers.inception import bn_inception
from bnref.lab.papers.parts import Builder
from bnref.lab.papers.resnet import cifar_resnet, imagenet_resnet
from bnref.lab.papers.vgg import vgg16
from bnref.lab.papers.wide_resnet import wide_resnet

PAPER_NETS: dict[str, Callable[[Builder, int, int], nn.Sequential]] = {
    "vgg16": vgg16,
    "resnet8": partial(cifar_resnet, 8),
    "resnet20": partial(cifar_resnet, 20),
    "resnet56": partial(cifar_resnet, 56),
    "resnet110": partial(cifar_resnet, 110),
    "wide_resnet16_2": partial(wide_resnet, 16, 2),
    "wide_resnet100_2": partial(wide_resnet, 100, 2),
    "wide_resnet1000_2": partial(wide_resnet, 1000, 2),
    "wide_resnet16_4": partial(wide_resnet, 16, 4),
    "wide_resnet16_2_skip_init": partial(wide_resnet, 16, 2, alpha=0.0),
    "wide_resnet100_2_skip_init": partial(wide_resnet, 100, 2, alpha=0.0),
    "wide_resnet1000_2_skip_init": partial(wide_resnet, 1000, 2, alpha=0.0),
    "wide_resnet16_4_skip_init": partial(wide_resnet, 16, 4, alpha=0.0),
    "resnet50": partial(imagenet_resnet, (3, 4, 6, 3)),
    "resnet101": partial(imagenet_resnet, (3, 4, 23, 3)),
    "bn_inception": bn_inception,
}
"""(build of a normaliser, classes, channels of an image) -> the network.

The last three are for 224x224 pixels, the others for 32x32; all take other sizes.
"""


def paper_net(name: str, norm: str, classes: int, channels: int = 3) -> nn.Sequential:
    """The network with this normaliser of `bnref.norms` in the place of batch norm.

    "identity" is none. Weights are torch's until `bnref.lab.nets.initialise`. Raises ValueError
    for an unknown name.
    """
    if name not in PAPER_NETS:
        raise ValueError(f"no network {name!r}: one of {', '.join(PAPER_NETS)}")
    return PAPER_NETS[name](bnref.norms.get(norm).build, classes, channels)
