"""How long a layer takes, beside torch.nn's of the same arithmetic. One thread.

`pytest benchmarks/` times one shape, `-m speed` the whole grid. No cell is in flight meanwhile: the
plugin measures cells before the first test and its workers are gone by then. pytest-benchmark writes
nothing unless asked (`--benchmark-json FILE`, `--benchmark-autosave`).

An id says layer, whose, shape, memory layout, dtype and what is timed:

    forward      one call in training mode, which keeps what the gradient needs
    backward     the gradient of input and parameters alone, from what one forward kept
    train        forward and backward
    inference    one call in evaluation mode, without gradients

An id that ends in `compiled` is of the layer under torch.compile. The grid also becomes the section
`layers` of performance.json: seconds, bytes kept for backward, the most bytes that a call has allocated
at one moment, and the bytes that the formula must read and write at least (`MOVED` tensors of the
input's size), beside the bandwidth of a copy.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture
from torch import Tensor, nn
from torch.utils.benchmark.utils.timer import timer  # waits for the accelerator

import bnref.norms
from bnref.lab.layer_costs import bandwidth, kept, peak

DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16}
LAYOUTS = {"nchw": torch.contiguous_format, "nhwc": torch.channels_last, "nc": None}
MAPS = ((8, 64, 112, 112), (8, 256, 56, 56), (8, 512, 28, 28), (8, 1024, 14, 14), (8, 2048, 7, 7))
"""What batch norms of ResNet-50 see at 224x224: the stem, then the output of each stage."""
MATRIX = (256, 512)
SMALL = ((32, 16, 14, 14), (8, 512, 28, 28))
"""A layer of the matrix of learning rates, and a stage: the shapes of what is timed only there."""
TIMED = ("forward", "backward", "train", "inference")
MOVED = {"forward": 2, "backward": 3, "train": 5, "inference": 2}
"""x and y; x, dy and dx; all of them."""
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
    compiled: bool = False

    @property
    def place(self) -> str:
        """What a layer and its twin have in common."""
        size = "x".join(map(str, self.shape))
        compiled = "-compiled" if self.compiled else ""
        return f"{size}-{self.layout}-{self.dtype}-{self.timed}{compiled}"

    @property
    def bytes_moved(self) -> int:
        """What the formula must read and write at least; parameters and statistics are small."""
        return MOVED[self.timed] * math.prod(self.shape) * DTYPES[self.dtype].itemsize

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
        layer = layer.to(device).train(self.timed != "inference")
        if self.compiled:
            torch.compiler.reset()
            layer.compile(fullgraph=True)
        return layer

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
        if self.timed == "backward":
            y = layer(x)
            return lambda: torch.autograd.grad(y, inputs, dy, retain_graph=True)
        return lambda: torch.autograd.grad(layer(x), inputs, dy)

    def kept(self, device: str) -> int | None:
        """Bytes that a training call keeps for its backward pass; compiled code tells of none."""
        if self.timed == "inference" or self.compiled:
            return None
        layer, x = self.build(device), self.random(device, 0).requires_grad_()
        return kept(lambda: layer(x))

    def random(self, device: str, seed: int) -> Tensor:
        """Normal numbers of this shape, layout and dtype."""
        drawn = torch.randn(self.shape, generator=torch.Generator().manual_seed(seed))
        placed = drawn.to(device, DTYPES[self.dtype])
        layout = LAYOUTS[self.layout]
        return placed if layout is None else placed.contiguous(memory_format=layout)


def cases(
    *places: tuple[tuple[int, ...], str, str, str],
    layers: Sequence[str] = bnref.norms.names(),
    compiled: bool = False,
) -> dict[str, Case]:
    """Layers and their twins in each place, side by side; by id, for the JSON keeps parameters."""
    listed = [
        Case(layer, by, *place, compiled)
        for place in places
        for layer in layers
        for by in ("ours", "torch")
    ]
    return {case.id: case for case in listed}


ONE_SHAPE = cases(*(((32, 16, 14, 14), "nhwc", "f32", timed) for timed in ("forward", "train")))
"""Feature maps in the layout in which cells run."""

BESIDE = tuple(name for name in TWINS if name != "identity")
GRID = {
    **cases(*product(MAPS, ("nchw", "nhwc"), DTYPES, TIMED), layers=BESIDE),
    **cases(*product((MATRIX,), ("nc",), DTYPES, TIMED), layers=BESIDE),
    **cases(*product(SMALL[:1], ("nchw", "nhwc"), ("f32",), TIMED)),
    **cases(
        *product(SMALL, ("nhwc",), ("f32",), ("train", "inference")),
        layers=("batch_norm",),
        compiled=True,
    ),
}
"""Layers with a twin everywhere; all others, and identity, at one small shape in float32."""

BOUNDS = {"nchw": 1.3, "nhwc": 2.0}
"""How much longer a training step of our batch norm may take than torch.nn's, float32."""

timed = pytest.mark.benchmark(
    timer=timer, min_time=0.002, max_time=0.02, warmup=True, warmup_iterations=2, disable_gc=True
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
def test_grid(
    case: str, benchmark: BenchmarkFixture, bn_device: str, performance: dict[str, Any]
) -> None:
    one = GRID[case]
    step = run(one, benchmark, bn_device)
    if benchmark.stats is None:
        return  # --benchmark-disable
    layers = performance.setdefault("layers", {})
    if not layers:
        layers.update(bandwidth=bandwidth(bn_device), rows=[])
    layers["rows"].append(
        {
            **asdict(one),
            "seconds": benchmark.stats.stats.min,
            "bytes_kept": one.kept(bn_device),
            "bytes_peak": peak(step, bn_device),
            "bytes_moved": one.bytes_moved,
            "of_bandwidth": one.bytes_moved
            / benchmark.stats.stats.min
            / layers["bandwidth"]["copy_bytes_per_s"],
        }
    )


@pytest.mark.speed
@pytest.mark.parametrize("layout", BOUNDS)
@pytest.mark.parametrize("shape", MAPS, ids=lambda shape: "x".join(map(str, shape)))
def test_batch_norm_trains_within_its_bound(
    shape: tuple[int, ...], layout: str, bn_device: str
) -> None:
    if bn_device != "cpu":
        pytest.skip("the bounds are of one thread on the CPU")
    steps = [
        Case("batch_norm", by, shape, layout, "f32", "train").step("cpu")
        for by in ("ours", "torch")
    ]
    best = [math.inf, math.inf]
    for _ in range(25):  # in turn, so that both meet the same machine; the smallest is the quietest
        for i, step in enumerate(steps):
            started = timer()
            step()
            best[i] = min(best[i], timer() - started)
    ratio = best[0] / best[1]
    assert ratio <= BOUNDS[layout], f"expected at most {BOUNDS[layout]} times, found {ratio:.2f}"


def run(case: Case, benchmark: BenchmarkFixture, device: str) -> Callable[[], Any]:
    """Time a case and return what was timed, or skip it with the reason why it does not exist."""
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
    return step
