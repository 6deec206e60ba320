"""How long a layer takes, beside torch.nn's of the same arithmetic. One thread.

`pytest benchmarks/` times one shape, `-m speed` the whole grid. No cell is in flight meanwhile: the
plugin measures cells before the first test and its workers are gone by then. pytest-benchmark writes
nothing unless asked (`--benchmark-json FILE`, `--benchmark-autosave`).

An id says layer, whose, shape, memory layout, dtype and what is timed:

    forward      one call in training mode, which keeps what the gradient needs
    train        forward and backward, with the gradient of input and parameters
    inference    one call in evaluation mode, without gradients
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture
from torch import Tensor, nn
from torch.utils.benchmark.utils.timer import timer  # waits for the accelerator

import bnref.norms

DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16}
LAYOUTS = {"nchw": torch.contiguous_format, "nhwc": torch.channels_last, "nc": None}
MAPS = ((64, 16, 14, 14), (64, 32, 4, 4), (32, 64, 28, 28))
TWINS: dict[str, Callable[[int, int, nn.Module], nn.Module]] = {
    "identity": lambda channels, rank, ours: nn.Identity(),
    "batch_norm": lambda channels, rank, ours: (nn.BatchNorm2d if rank == 4 else nn.BatchNorm1d)(
        channels
    ),
    "group_norm": lambda channels, rank, ours: nn.GroupNorm(int(ours.groups), channels),  # type: ignore[arg-type]
    "layer_norm": lambda channels, rank, ours: nn.GroupNorm(1, channels),
    "instance_norm": lambda channels, rank, ours: nn.InstanceNorm2d(channels, affine=True),
}


@dataclass(frozen=True)
class Case:
    """One timing."""

    layer: str
    by: str
    shape: tuple[int, ...]
    layout: str
    dtype: str
    timed: str

    @property
    def place(self) -> str:
        """What a layer and its twin have in common."""
        return f"{'x'.join(map(str, self.shape))}-{self.layout}-{self.dtype}-{self.timed}"

    @property
    def id(self) -> str:
        """The test's id."""
        return f"{self.layer}-{self.by}-{self.place}"

    def build(self, device: str) -> nn.Module:
        """The layer, its parameters in float32 as mixed precision keeps them."""
        channels = self.shape[1]
        layer = bnref.norms.get(self.layer).build(channels)
        if self.by == "torch":
            if self.layer not in TWINS:
                pytest.skip(f"torch.nn has no twin of {self.layer} written down here")
            layer = TWINS[self.layer](channels, len(self.shape), layer)
        return layer.to(device).train(self.timed != "inference")

    def step(self, device: str) -> Callable[[], Any]:
        """What is timed, on random input."""
        layer = self.build(device)
        x, dy = (self.random(device, seed) for seed in (0, 1))
        if self.timed == "inference":
            return torch.no_grad()(lambda: layer(x))
        x.requires_grad_()
        if self.timed == "forward":
            return lambda: layer(x)
        inputs = [x, *layer.parameters()]
        return lambda: torch.autograd.grad(layer(x), inputs, dy)

    def random(self, device: str, seed: int) -> Tensor:
        """Normal numbers of this shape, layout and dtype."""
        drawn = torch.randn(self.shape, generator=torch.Generator().manual_seed(seed))
        placed = drawn.to(device, DTYPES[self.dtype])
        layout = LAYOUTS[self.layout]
        return placed if layout is None else placed.contiguous(memory_format=layout)


def cases(*places: tuple[tuple[int, ...], str, str, str]) -> dict[str, Case]:
    """Every layer and its twin in each place, side by side; by id, for the JSON keeps parameters."""
    listed = [
        Case(layer, by, *place)
        for place in places
        for layer in bnref.norms.names()
        for by in ("ours", "torch")
    ]
    return {case.id: case for case in listed}


ONE_SHAPE = cases(*(((32, 16, 14, 14), "nhwc", "f32", timed) for timed in ("forward", "train")))
"""Feature maps in the layout in which cells run."""

GRID = cases(
    *product(MAPS, ("nchw", "nhwc"), DTYPES, ("train", "inference")),
    *product(((256, 512),), ("nc",), DTYPES, ("train", "inference")),
)

timed = pytest.mark.benchmark(
    timer=timer, min_time=0.002, max_time=0.02, warmup=True, warmup_iterations=5, disable_gc=True
)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@timed
@pytest.mark.parametrize("case", ONE_SHAPE)
def test_layer(case: str, benchmark: BenchmarkFixture, bn_device: str) -> None:
    run(ONE_SHAPE[case], benchmark, bn_device)


@pytest.mark.speed
@timed
@pytest.mark.parametrize("case", GRID)
def test_grid(case: str, benchmark: BenchmarkFixture, bn_device: str) -> None:
    run(GRID[case], benchmark, bn_device)


def run(case: Case, benchmark: BenchmarkFixture, device: str) -> None:
    """Time a case, or skip it with the reason why it does not exist."""
    if device == "cuda" and not torch.cuda.is_available():
        pytest.skip("cuda: torch finds no GPU on this machine")
    if case.layer == "instance_norm" and len(case.shape) == 2:
        pytest.skip("instance_norm of (N, C): one value per instance has no variance")
    step = case.step(device)
    try:
        step()
    except RuntimeError as error:
        if case.by == "ours":
            raise
        pytest.skip(f"torch.nn does not do this: {' '.join(str(error).split())}")
    benchmark.group = case.place
    benchmark.extra_info.update(
        layer=case.layer, by=case.by, place=case.place, device=device, threads=1
    )
    benchmark(step)
