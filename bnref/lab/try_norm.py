"""A user's layer, tried once before anything is measured with it."""

import torch
from torch import Tensor, nn

import bnref.norms

SHAPES = ((4, 8, 5, 5), (6, 8))


def problem(norm: str, device: str) -> str:
    """What is wrong with package.module:factory as a normaliser, in one line; "" where nothing is."""
    try:
        build = bnref.norms.get(norm).build
    except ValueError as error:
        return str(error)
    for shape in SHAPES:
        try:
            layer = build(shape[1])
            if not isinstance(layer, nn.Module):
                return f"{norm}(8) returned {type(layer).__name__}, expected a torch.nn.Module"
            found = layer.to(device)(torch.ones(shape, device=device).cumsum(0))
        except Exception as error:
            message = " ".join(str(error).split())
            return f"{norm} on a batch of shape {shape}: {type(error).__name__}: {message}"
        if not isinstance(found, Tensor):
            return (
                f"{norm} returned {type(found).__name__} for a batch of shape {shape}, not a tensor"
            )
        if found.shape != shape:
            return f"{norm} returned shape {tuple(found.shape)} for a batch of shape {shape}"
    return ""
