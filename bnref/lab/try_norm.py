"""A user's layer, tried once before anything is measured with it."""

import torch
from torch import Tensor, nn

import bnref.norms

MAPS, VECTORS = (4, 8, 5, 5), (4, 8)
"""What layers get from convolutions, and in networks of linear layers."""


def problem(norm: str, device: str, shape: tuple[int, ...] = MAPS) -> str:
    """What is wrong with package.module:factory as a normaliser, in one line; "" where nothing is."""
    try:
        build = bnref.norms.get(norm).build
    except ValueError as error:
        return str(error)
    try:
        layer = build(shape[1])
        if not isinstance(layer, nn.Module):
            return f"{norm}({shape[1]}) returned {type(layer).__name__}, not a torch.nn.Module"
        found = layer.to(device)(torch.ones(shape, device=device).cumsum(0))
    except Exception as error:
        message = " ".join(str(error).split())
        return f"{norm} on a batch of shape {shape}: {type(error).__name__}: {message}"
    if not isinstance(found, Tensor):
        return f"{norm} returned {type(found).__name__} for a batch of shape {shape}, not a tensor"
    if found.shape != shape:
        return f"{norm} returned shape {tuple(found.shape)} for a batch of shape {shape}"
    return ""


def advice(norm: str) -> str:
    """What to do where a cell failed whose layer takes maps only; "" where it takes (N, C), too."""
    if problem(norm, "cpu", MAPS) or not problem(norm, "cpu", VECTORS):
        return ""
    return (
        f"{norm} takes (N, C, H, W) and not (N, C), which it gets in networks of linear layers: make it "
        "take both, or choose claims about convolutional networks with --bn-claim"
    )
