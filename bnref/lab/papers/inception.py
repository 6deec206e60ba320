"""The Inception network of Ioffe & Szegedy 2015 (section 4.2; the layers are in its appendix).

Two 3x3 convolutions stand for GoogLeNet's 5x5, and only the classifier is fully connected. The widths
are those of re-implementations in which the branches of each module add up to its number of outputs;
they were not checked against the paper's own table. With 1,000 classes there are 11.2 million
parameters, where the paper says 13.6.
"""

from dataclasses import dataclass

from torch import nn

from bnref.lab.nets import Mean
from bnref.lab.papers.parts import Builder, Concatenation, convolution

DEPTH_MULTIPLIER = 8
"""Filters for each colour in the first convolution, which is separable."""


@dataclass(frozen=True)
class Module:
    """Channels of an Inception module: its four branches, each behind a 1x1 reduction.

    `one` and `pool` of 0 make the module that halves the maps: strides of 2 in both other branches,
    and a maximum that passes all channels on.
    """

    one: int
    reduce_three: int
    three: int
    reduce_double: int
    double: int
    pool: int
    pooling: type[nn.AvgPool2d] | type[nn.MaxPool2d] = nn.AvgPool2d


MODULES = (
    Module(64, 64, 64, 64, 96, 32),  # 3a
    Module(64, 64, 96, 64, 96, 64),  # 3b
    Module(0, 128, 160, 64, 96, 0),  # 3c
    Module(224, 64, 96, 96, 128, 128),  # 4a
    Module(192, 96, 128, 96, 128, 128),  # 4b
    Module(160, 128, 160, 128, 160, 96),  # 4c
    Module(96, 128, 192, 160, 192, 96),  # 4d
    Module(0, 128, 192, 192, 256, 0),  # 4e
    Module(352, 192, 320, 160, 224, 128),  # 5a
    Module(352, 192, 320, 192, 224, 128, nn.MaxPool2d),  # 5b
)


def bn_inception(norm: Builder, classes: int) -> nn.Sequential:
    """Inception for 224x224 images: 28x28 maps in modules 3, 14x14 in 4, 7x7 in 5."""
    layers: list[nn.Module] = [
        nn.Conv2d(3, 3 * DEPTH_MULTIPLIER, 7, 2, 3, groups=3, bias=False),
        *_layer(norm, 3 * DEPTH_MULTIPLIER, 64, 1),
        nn.MaxPool2d(3, 2, 1),
        *_layer(norm, 64, 64, 1),
        *_layer(norm, 64, 192),
        nn.MaxPool2d(3, 2, 1),
    ]
    inputs = 192
    for module in MODULES:
        layers.append(inception(module, norm, inputs))
        inputs = module.one + module.three + module.double + (module.pool or inputs)
    return nn.Sequential(*layers, Mean(), nn.Linear(inputs, classes))


def inception(module: Module, norm: Builder, inputs: int) -> Concatenation:
    """The branches of a module: 1x1, 3x3, two 3x3, and pooling."""
    stride = 1 if module.pool else 2
    three = nn.Sequential(
        *_layer(norm, inputs, module.reduce_three, 1),
        *_layer(norm, module.reduce_three, module.three, stride=stride),
    )
    double = nn.Sequential(
        *_layer(norm, inputs, module.reduce_double, 1),
        *_layer(norm, module.reduce_double, module.double),
        *_layer(norm, module.double, module.double, stride=stride),
    )
    if not module.pool:
        return Concatenation(three, double, nn.MaxPool2d(3, 2, 1))
    pooled = nn.Sequential(module.pooling(3, 1, 1), *_layer(norm, inputs, module.pool, 1))
    one = nn.Sequential(*_layer(norm, inputs, module.one, 1))
    return Concatenation(one, three, double, pooled)


def _layer(
    norm: Builder, inputs: int, out: int, size: int = 3, stride: int = 1
) -> tuple[nn.Module, ...]:
    return (*convolution(norm, inputs, out, size, stride), nn.ReLU())
