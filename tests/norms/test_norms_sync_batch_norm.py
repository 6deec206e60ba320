"""Synchronised batch norm equals batch norm of the joined batch: on played ranks and on real ones."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import bnref
from bnref.norms.batch_norm import BatchNorm
from bnref.norms.sync_batch_norm import SyncBatchNorm
from bnref.oracle import batch_norm as joined_oracle
from bnref.oracle import sync_batch_norm as oracle

SPLITS = [(4, 4), (1, 6), (5, 0, 3), (0, 1, 1), (2, 3, 1, 4)]


def draw(*shape: int, seed: int = 0) -> Tensor:
    x = torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return x * 3 + 2


def layer_of(channels: int, **options: Any) -> SyncBatchNorm:
    layer = SyncBatchNorm(channels, **options).double()
    with torch.no_grad():
        for i, parameter in enumerate(layer.parameters()):
            parameter.copy_(draw(channels, seed=20 + i))
    return layer


def close(found: Any, expected: Any, tolerance: float = 1e-10) -> None:
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape, f"expected {expected.shape}, found {found.shape}"
    error = np.abs(found - expected).max(initial=0)
    assert error <= tolerance, f"{error=} > {tolerance}\n{expected=}\n{found=}"


@pytest.mark.parametrize("options", [{}, {"momentum": None, "eps": 0.1}], ids=str)
@pytest.mark.parametrize("space", [(), (3,), (2, 3)], ids=str)
@pytest.mark.parametrize("split", SPLITS, ids=str)
def test_played_ranks(split: tuple[int, ...], space: tuple[int, ...], options: Any) -> None:
    layer = layer_of(3, **options)
    w, b = (p.detach().numpy() for p in layer.parameters())
    batches = []
    for k in range(3):
        shards = [draw(n, 3, *space, seed=10 * k + i) for i, n in enumerate(split)]
        shards = [s.movedim(1, -1).contiguous().movedim(-1, 1) if k == 1 else s for s in shards]
        shards = [s.requires_grad_() for s in shards]
        dys = [draw(n, 3, *space, seed=99 + i) for i, n in enumerate(split)]
        ys = layer.shards(shards)
        dxs = torch.autograd.grad(ys, shards, dys, retain_graph=True)
        dw, db = torch.autograd.grad(ys, list(layer.parameters()), dys)
        arrays, dy = [s.detach().numpy() for s in shards], [d.numpy() for d in dys]
        for found, expected in zip(ys, oracle.forward(arrays, w, b, layer.eps), strict=True):
            close(found.detach(), expected)
        dx, dweight, dbias = oracle.backward(dy, arrays, w, layer.eps)
        for found, expected in zip((*dxs, dw, db), (*dx, dweight, dbias), strict=True):
            close(found, expected)
        batches.append(oracle.join(arrays))
    mean, var = joined_oracle.running_statistics(batches, layer.momentum)
    close(layer.running_mean, mean)
    close(layer.running_var, var)
    assert layer.num_batches_tracked == 3, f"expected 3, found {layer.num_batches_tracked}"
    for found, shard in zip(layer.eval().shards(shards), arrays, strict=True):
        close(found.detach(), joined_oracle.evaluate(shard, mean, var, w, b, layer.eps))


def test_one_rank_is_batch_norm() -> None:
    sync, plain, x = SyncBatchNorm(3).double(), BatchNorm(3).double(), draw(5, 3, 2)
    close(sync(x).detach(), plain(x).detach(), 1e-14)
    close(sync.running_var, plain.running_var, 1e-14)


def test_second_derivatives_of_played_ranks() -> None:
    layer = layer_of(2)
    shards = [draw(n, 2, 2, seed=n).requires_grad_() for n in (3, 0, 1)]

    def call(*values: Tensor) -> Any:
        return torch.cat(torch.func.functional_call(_Shards(layer), {}, values))

    assert torch.autograd.gradcheck(call, shards), "expected equal gradients"
    assert torch.autograd.gradgradcheck(call, shards), "expected equal second derivatives"


class _Shards(torch.nn.Module):
    def __init__(self, layer: SyncBatchNorm) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, *shards: Tensor) -> list[Tensor]:
        return self.layer.shards(shards)


@pytest.mark.parametrize(
    ("shards", "reason"),
    [
        ([(0, 3), (1, 3), (0, 3)], "more than one value per channel on all ranks"),
        ([(0, 3, 2)], "more than one value per channel on all ranks"),
        ([(4, 3), (4, 2)], r"expected \(N, 3, ...\) on every rank, found \(4, 2\)"),
        ([(4,)], r"expected \(N, 3, ...\) on every rank, found \(4,\)"),
    ],
    ids=str,
)
def test_a_refused_batch_leaves_the_buffers_alone(shards: Any, reason: str) -> None:
    layer = layer_of(3)
    before = copy.deepcopy(layer.state_dict())
    with pytest.raises(ValueError, match=reason):
        layer.shards([torch.zeros(shape, dtype=torch.float64) for shape in shards])
    for name, value in layer.state_dict().items():
        assert torch.equal(value, before[name]), f"{name}: expected {before[name]}, found {value}"


def test_half_shards_keep_their_type() -> None:
    found = [y.dtype for y in SyncBatchNorm(3).shards([draw(2, 3).half(), draw(3, 3).float()])]
    assert found == [torch.float16, torch.float32], f"found {found}"


RANK = """
import sys, warnings
import torch, torch.distributed as dist
from bnref.norms.sync_batch_norm import SyncBatchNorm

torch.set_num_threads(1)
rank, folder = int(sys.argv[1]), sys.argv[2]
dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
layer = SyncBatchNorm(3).double()
layer.load_state_dict(torch.load(f"{folder}/state.pt"))
out = {}
for split, (x, dy) in torch.load(f"{folder}/in{rank}.pt").items():
    x.requires_grad_()
    layer.zero_grad()
    y = layer(x)
    (dx,) = torch.autograd.grad(y, x, dy, create_graph=True)
    dw, db = torch.autograd.grad(y, list(layer.parameters()), dy, retain_graph=True)
    (ddx,) = torch.autograd.grad((dx**3).sum(), x)
    out[split] = [t.detach() for t in (y, dx, dw, db, ddx)]
refused = []
for bad in (torch.zeros(1 - rank, 3).double(), torch.zeros(4, 3 - rank).double()):
    try:
        layer(bad)
    except ValueError as error:
        refused.append(str(error))
out["end"] = [layer.state_dict(), refused]
torch.save(out, f"{folder}/out{rank}.pt")
dist.destroy_process_group()
"""


def test_two_ranks_of_gloo(tmp_path: Path) -> None:
    """Uneven and empty shards, second derivatives, and an error that every rank raises."""
    layer = layer_of(3)
    torch.save(layer.state_dict(), tmp_path / "state.pt")
    given: list[dict[str, tuple[Tensor, Tensor]]] = [{}, {}]
    for split in ((4, 4), (1, 5), (6, 0)):
        for rank, n in enumerate(split):
            given[rank][str(split)] = draw(n, 3, 2, seed=n), draw(n, 3, 2, seed=50 + n + rank)
    for rank in range(2):
        torch.save(given[rank], tmp_path / f"in{rank}.pt")
    environment = {**os.environ, "PYTHONPATH": str(Path(bnref.__file__).parents[1])}
    ranks = [
        subprocess.Popen(
            [sys.executable, "-c", RANK, str(rank), str(tmp_path)],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        for process in ranks:
            _, stderr = process.communicate(timeout=60)
            assert process.returncode == 0, stderr
    finally:
        for process in ranks:
            process.kill()
    found = [torch.load(tmp_path / f"out{rank}.pt") for rank in range(2)]
    for split in given[0]:
        shards = [given[rank][split][0].requires_grad_() for rank in range(2)]
        dys = [given[rank][split][1] for rank in range(2)]
        ys = layer.shards(shards)
        dxs = torch.autograd.grad(ys, shards, dys, create_graph=True)
        ddxs = torch.autograd.grad(sum((dx**3).sum() for dx in dxs), shards, retain_graph=True)
        grads = torch.autograd.grad(ys, list(layer.parameters()), dys)
        for rank in range(2):
            for f, e in zip(found[rank][split], (ys[rank], dxs[rank], None, None, ddxs[rank]),
                            strict=True):  # fmt: skip
                if e is not None:
                    close(f, e.detach())
        for i in (2, 3):
            close(found[0][split][i] + found[1][split][i], grads[i - 2])
    for rank in range(2):
        state, refused = found[rank]["end"]
        for name, value in layer.state_dict().items():
            close(state[name], value)
        assert len(refused) == 2, f"rank {rank}: expected two refusals, found {refused}"
        assert "on all ranks" in refused[0], f"rank {rank}: found {refused[0]}"
        assert "on every rank" in refused[1], f"rank {rank}: found {refused[1]}"
