"""A user's layer, tried once before anything is measured with it."""

import torch
from torch import Tensor, nn

import bnref.norms

SHAPE = (4, 8, 5, 5)
"""Every network that a user's layer enters has feature maps."""


def problem(norm: str, device: str) -> str:
    """What is wrong with package.module:factory as a normaliser, in one line; "" where nothing is."""
    try:
        build = bnref.norms.get(norm).build
    except ValueError as error:
        return str(error)
    try:
        layer = build(SHAPE[1])
        if not isinstance(layer, nn.Module):
            return f"{norm}({SHAPE[1]}) returned {type(layer).__name__}, not a torch.nn.Module"
        found = layer.to(device)(torch.ones(SHAPE, device=device).cumsum(0))
    except Exception as error:
        message = " ".join(str(error).split())
        return f"{norm} on a batch of shape {SHAPE}: {type(error).__name__}: {message}"
    if not isinstance(found, Tensor):
        return f"{norm} returned {type(found).__name__} for a batch of shape {SHAPE}, not a tensor"
    if found.shape != SHAPE:
        return f"{norm} returned shape {tuple(found.shape)} for a batch of shape {SHAPE}"
    return ""
