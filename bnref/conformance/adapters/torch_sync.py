"""torch.nn.SyncBatchNorm over processes that gloo connects, one for each shard.

Its kernels are those of accelerators alone: shards go to the first CUDA device, which the processes
share, and without one the layer has no `shards`. In one process it is torch.nn.BatchNorm on the CPU.
"""

from __future__ import annotations

import multiprocessing
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import distributed, nn

from bnref.conformance.adapters import torch_nn
from bnref.conformance.implementation import Config, State

Array = NDArray[Any]


class Layer(torch_nn.Layer):
    """One of the layers that keep in step; `shards` starts the others."""

    def __init__(self, config: Config) -> None:
        self.config = config
        super().__init__(build(config), config)

    def shards(self, xs: Sequence[Array], dys: Sequence[Array]) -> tuple[Any, ...]:
        if not torch.cuda.is_available():
            raise NotImplementedError("SyncBatchNorm has no kernels for the CPU")
        with tempfile.TemporaryDirectory() as folder:
            state, size = dict(self.state()), len(xs)
            meet = f"file://{Path(folder) / 'meet'}"
            context = multiprocessing.get_context("spawn")
            with ProcessPoolExecutor(size, mp_context=context) as pool:
                asked = [
                    pool.submit(_rank, self.config, state, meet, rank, size, x, dy)
                    for rank, (x, dy) in enumerate(zip(xs, dys, strict=True))
                ]
                ys, dxs, dweights, dbiases, states = zip(*(a.result() for a in asked), strict=True)
        self.load(states[0])
        return ys, dxs, np.sum(dweights, 0), np.sum(dbiases, 0)


def build(config: Config) -> nn.Module:
    """The module; it has every rank."""
    c = config
    return nn.SyncBatchNorm(c.channels, c.eps, c.momentum, c.affine, c.track)


def _rank(
    config: Config, state: State, meet: str, rank: int, size: int, x: Array, dy: Array
) -> tuple[Any, ...]:
    """What one process computes of its shard."""
    distributed.init_process_group("gloo", init_method=meet, rank=rank, world_size=size)
    try:
        layer = torch_nn.Layer(build(config), config)
        layer.load(state)
        module: Any = layer.module.cuda()
        shard = torch.from_numpy(x).cuda().requires_grad_()
        y = module(shard)
        y.backward(torch.from_numpy(dy).cuda())
        found: tuple[Any, ...] = y, shard.grad, module.weight.grad, module.bias.grad
        module.cpu()
        return (*(value.detach().cpu().numpy() for value in found), layer.state())
    finally:
        distributed.destroy_process_group()


ADAPTER = replace(
    torch_nn.ADAPTER,
    name="torch.nn.SyncBatchNorm",
    make=Layer,
    default=lambda: torch_nn.Layer(nn.SyncBatchNorm(3), Config(channels=3, dtype="float32")),
)
