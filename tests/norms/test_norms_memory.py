"""What a training step keeps for its backward pass: no more than native code does."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from bnref.norms.batch_norm import BatchNorm
from bnref.norms.group_norm import GroupNorm

SHAPE = (4, 8, 16, 16)
LAYOUTS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}


def saved(layer: nn.Module, x: Tensor) -> int:
    """Bytes of the storages that autograd keeps of one call, each counted once."""
    storages: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        y = layer(x)
    assert y.grad_fn is not None
    return sum(storages.values())


class KeepsMore(BatchNorm):
    """As BatchNorm was: x - mean is kept beside x."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + 0 * (x - x.mean()) ** 2


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_batch_norm_keeps_no_more_than_native_code(layout: str, dtype: torch.dtype) -> None:
    drawn = torch.randn(SHAPE, generator=torch.Generator().manual_seed(1))
    x = drawn.to(dtype).contiguous(memory_format=LAYOUTS[layout]).requires_grad_()
    found, native = (saved(build(SHAPE[1]), x) for build in (BatchNorm, nn.BatchNorm2d))
    statistics = 2 * 4 * SHAPE[1]  # native code keeps its two running buffers, ours need not
    assert found <= native, f"expected at most {native} bytes, found {found}"
    assert found >= x.nbytes + statistics, f"expected x and its statistics, found {found} bytes"
    more = saved(KeepsMore(SHAPE[1]), x)
    assert more > native, f"expected the count to see another copy of x, found {more} bytes"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_group_norm_keeps_its_input_once(layout: str) -> None:
    drawn = torch.randn(SHAPE, generator=torch.Generator().manual_seed(1))
    x = drawn.contiguous(memory_format=LAYOUTS[layout]).requires_grad_()
    statistics = 2 * 4 * SHAPE[0] * SHAPE[1]  # one value per channel: a little more than native
    expected = x.nbytes + statistics + 4 * SHAPE[1]
    found = saved(GroupNorm(SHAPE[1], 2), x)
    assert found == expected, f"expected x, statistics and weight, {expected} bytes, found {found}"
