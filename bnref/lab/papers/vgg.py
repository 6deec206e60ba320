"""VGG-16 for images of 32x32 pixels: thirteen convolutions and one linear layer.

Source: Simonyan & Zisserman 2015, table 1, column D; Santurkar et al. 2018 train a "VGG-like" network
of at least thirteen layers on CIFAR-10, whose widths they do not give.
"""

from torch import nn

from bnref.lab.nets import Mean
from bnref.lab.papers.parts import Builder, convolution

WIDTHS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
"""Channels of the convolutions before each pooling, which halves the maps: 32x32 to 1x1."""


def vgg16(norm: Builder, classes: int) -> nn.Sequential:
    """3x3 convolution, normaliser and ReLU; 2x2 maximum after each group; linear classifier."""
    layers: list[nn.Module] = []
    inputs = 3
    for widths in WIDTHS:
        for out in widths:
            layers += [*convolution(norm, inputs, out), nn.ReLU()]
            inputs = out
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, Mean(), nn.Linear(inputs, classes))
