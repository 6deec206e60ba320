"""What a cell costs beside the loop that people write: `pytest benchmarks/test_throughput.py -m speed`.

Ours: two workers of one thread at once through `bnref.execution.local.run`, store included, once both have
imported torch and loaded the data. Plain: torch.nn's layers, autograd, default threads and layout, one run
after another; images come through torchvision transforms over PIL images and a DataLoader, the linear
network takes its 1,000 rows as one batch. Both take the same steps of the same size at the same rate, and
count errors on the same images as often. Blocks of both alternate; the first plain run is not counted.

`sgemm_fraction` is the rate of floating-point operations in the products and convolutions of our cells, by
torch's own counter, over that of a product of two 1024x1024 matrices, both per core.
"""

import itertools
import math
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, median

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torch.utils.flop_counter import FlopCounterMode
from torchvision import transforms

from bnref.campaign import Campaign
from bnref.evidence.cell import Value, pack
from bnref.evidence.claim import Setting, grid, plan
from bnref.evidence.store import Store
from bnref.execution.local import run
from bnref.execution.worker import Outcome, Task, experiment
from bnref.lab.data import VALIDATION_SHARE
from bnref.lab.datasets import fashion_mnist_10k
from bnref.lab.nets import CONVOLUTIONS
from reproductions.beds import PERCEPTRON, SWEEP
from reproductions.deep_linear import DEEP_LINEAR

WORKERS = 2
BLOCKS = 3


@dataclass(frozen=True)
class Workload:
    """Cells of one matrix, the plain loop for one of their arms, and what the two must agree in."""

    setting: Setting
    warm: int
    counted: int
    """Tasks of a block before its clock starts, and after: each is one pack of cells."""
    plain: Callable[[Mapping[str, Value], int], float]
    """Trains an arm's network on a seed; what comes out of it, as `read` has it."""
    read: Callable[[Mapping[str, float]], float]
    close: float
    at_least: float


def tasks(setting: Setting, count: int) -> list[Task]:
    """So many packs of the setting's cells, arms in turn."""
    size = max(setting.packs())
    seeds = range(0, size * math.ceil(count / len(setting.arms)), size)
    return [Campaign.task(one.cell, one.arm.name) for one in plan(setting, "small", "cpu", seeds)]


def seconds_per_cell(work: Workload, setting: Setting, folder: Path) -> tuple[float, list[float]]:
    """Wall time per cell once the workers are warm, and what the cells measured."""
    ends: list[float] = []

    def tell(outcome: Outcome) -> None:
        assert not outcome.error, outcome.error
        ends.append(time.perf_counter())

    planned = tasks(setting, work.warm + work.counted)
    store = Store(folder)
    run(planned, store, WORKERS, tell)
    found = [work.read(record.metrics) for record in store.records()]
    cells = (len(planned) - work.warm) * planned[0].size
    return (ends[-1] - ends[work.warm - 1]) / cells, found


def sgemm_rate() -> float:
    """Floating-point operations a second of one core in a product of two 1024x1024 matrices."""
    a, b = torch.randn(2, 1024, 1024).unbind()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        times = []
        for _ in range(10):
            started = time.perf_counter()
            a @ b
            times.append(time.perf_counter() - started)
    finally:
        torch.set_num_threads(threads)
    return 2 * 1024**3 / min(times)


def operations(setting: Setting) -> float:
    """Floating-point operations in the products and convolutions of a cell, mean over the arms."""
    counts = []
    for task in tasks(setting, len(setting.arms))[: len(setting.arms)]:
        with FlopCounterMode(display=False) as counter:
            experiment(task.cell.experiment)(pack(task.cell))
        counts.append(counter.get_total_flops() / task.size)
    return mean(counts)


class Images(Dataset[tuple[torch.Tensor, int]]):
    """As torchvision's own: an image is made a PIL image and transformed when it is asked for."""

    def __init__(
        self,
        images: NDArray[np.uint8],
        labels: NDArray[np.uint8],
        transform: transforms.Compose,
    ) -> None:
        self.images, self.labels, self.transform = images, labels, transform

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return self.transform(Image.fromarray(self.images[index])), int(self.labels[index])


def plain_images(arm: Mapping[str, Value], seed: int) -> float:
    """The cell of images as people write it: the share of test images that the net gets wrong."""
    torch.manual_seed(seed)
    train, validation, test = plain_data(int(arm["pool"] or 1))
    batch, rate = int(arm["batch_size"] or 0), float(arm["learning_rate"] or 0)
    steps = int(arm["images"] or 0) // batch
    look_every = int(arm.get("look_every") or steps + 1)
    net = convolutions(arm) if arm["net"] in CONVOLUTIONS else perceptron(arm)
    optimiser = torch.optim.SGD(net.parameters(), lr=rate)
    loader = DataLoader(train, batch_size=batch, shuffle=True, drop_last=True)
    step, share = 0, 1.0
    while step < steps:
        for images, labels in itertools.islice(loader, steps - step):
            net.train()
            optimiser.zero_grad()
            loss = nn.functional.cross_entropy(net(images), labels)
            loss.backward()
            optimiser.step()
            step += 1
            if step % look_every == 0:
                share = wrong(net, test) / len(test)
    wrong(net, validation)
    return wrong(net, test) / len(test) if look_every > steps else share


def plain_data(pool: int) -> tuple[Images, Images, Images]:
    """Training, validation and test images, as the lab divides them."""
    arrays = fashion_mnist_10k.load()
    kept = round(len(arrays.train_images) * (1 - VALIDATION_SHARE))
    pixels = arrays.train_images[:kept] / 255
    pooled = [nn.AvgPool2d(pool)] if pool > 1 else []
    normalise = transforms.Normalize((float(pixels.mean()),), (float(pixels.std()),))
    transform = transforms.Compose([transforms.ToTensor(), *pooled, normalise])
    return (
        Images(arrays.train_images[:kept], arrays.train_labels[:kept], transform),
        Images(arrays.train_images[kept:], arrays.train_labels[kept:], transform),
        Images(arrays.test_images, arrays.test_labels, transform),
    )


def convolutions(arm: Mapping[str, Value]) -> nn.Sequential:
    """The convolutional network of torch's own layers, with the same kind of initialisation."""
    layers: list[nn.Module] = []
    channels = 1
    for out, stride in CONVOLUTIONS[str(arm["net"])]:
        convolution = nn.Conv2d(channels, out, 3, stride, 1, bias=False)
        nn.init.kaiming_normal_(convolution.weight)
        layers += [convolution, nn.BatchNorm2d(out), nn.ReLU()]
        channels = out
    classifier = nn.Linear(channels, 10)
    nn.init.normal_(classifier.weight, std=channels**-0.5)
    nn.init.zeros_(classifier.bias)
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), classifier)


def perceptron(arm: Mapping[str, Value]) -> nn.Sequential:
    """The sigmoid network of torch's own layers, with the same kind of initialisation."""
    layers: list[nn.Module] = [nn.Flatten()]
    inputs, width = (28 // int(arm["pool"] or 1)) ** 2, int(arm["width"] or 0)
    for _ in range(int(arm["depth"] or 0)):
        normal = arm["norm"] == "batch_norm"
        layers += [nn.Linear(inputs, width, bias=not normal)]
        layers += [nn.BatchNorm1d(width)] if normal else []
        layers += [nn.Sigmoid()]
        inputs = width
    net = nn.Sequential(*layers, nn.Linear(inputs, 10))
    for linear in (m for m in net if isinstance(m, nn.Linear)):
        nn.init.normal_(linear.weight, std=float(arm["std"] or linear.in_features**-0.5))
        if linear.bias is not None:
            nn.init.zeros_(linear.bias)
    return net


def plain_linear(arm: Mapping[str, Value], seed: int) -> float:
    """The linear network as people write it, without the probes: log10 of its training loss."""
    torch.manual_seed(seed)
    width, steps = int(arm["width"] or 0), int(arm["steps"] or 0)
    x = torch.randn(int(arm["rows"] or 0), width)
    target = x @ torch.randn(width, width).T
    layers: list[nn.Module] = []
    for number in range(depth := int(arm["depth"] or 0)):
        linear = nn.Linear(width, width, bias=False)
        nn.init.xavier_normal_(linear.weight)
        layers.append(linear)
        if arm["norm"] == "batch_norm" and number < depth - 1:
            layers.append(nn.BatchNorm1d(width))
    net = nn.Sequential(*layers)
    optimiser = torch.optim.SGD(net.parameters(), lr=float(arm["learning_rate"] or 0))
    losses = torch.zeros(steps)
    for step in range(steps):
        optimiser.zero_grad()
        loss = (net(x) - target).square().sum()
        loss.backward()
        optimiser.step()
        losses[step] = loss.detach()
    return math.log10(losses[-math.ceil(steps / 10) :].mean())


@torch.no_grad()
def wrong(net: nn.Module, images: Images) -> int:
    """How many images the net gets wrong in evaluation mode."""
    net.eval()
    loader = DataLoader(images, batch_size=500)
    return sum(int((net(x).argmax(1) != y).sum()) for x, y in loader)


FEW_STEPS = {"images": 12000, "look_every": 100}
ALL_ROWS = {"moments": False, "steps": 400, "pack": 5}
WORKLOADS = {
    "convnet": Workload(
        setting=replace(SWEEP, arms=grid(norm=("batch_norm",), learning_rate=(0.125,))),
        warm=6,
        counted=12,
        plain=plain_images,
        read=lambda metrics: metrics["test_error"],
        close=0.05,
        at_least=4.5,
    ),
    "mlp": Workload(
        setting=replace(
            PERCEPTRON,
            arms=grid(norm=("batch_norm", "identity"), std=(None,), learning_rate=(1.0,)),
            fixed={**PERCEPTRON.fixed, "net": "mlp", **FEW_STEPS},
        ),
        warm=4,
        counted=8,
        plain=plain_images,
        read=lambda metrics: 1 - metrics["last_accuracy"],
        close=0.05,
        at_least=10.0,
    ),
    "linear": Workload(
        setting=replace(
            DEEP_LINEAR,
            arms=grid(norm=("batch_norm", "identity"), learning_rate=(1e-6,)),
            fixed={**DEEP_LINEAR.fixed, **ALL_ROWS},
        ),
        warm=4,
        counted=12,
        plain=plain_linear,
        read=lambda metrics: math.log10(metrics["train_loss"]),
        close=0.3,
        at_least=10.0,
    ),
}

MOMENTS = replace(
    WORKLOADS["linear"].setting,
    fixed={**WORKLOADS["linear"].setting.fixed, "moments": True, "pack": DEEP_LINEAR.fixed["pack"]},
)


@pytest.fixture(autouse=True)
def two_idle_workers(bn_device: str) -> None:
    if bn_device != "cpu":
        pytest.skip("compares runs on the CPU")
    if len(os.sched_getaffinity(0)) < WORKERS:
        pytest.skip(f"{WORKERS} workers need as many cores")


@pytest.mark.speed
@pytest.mark.parametrize("name", WORKLOADS)
def test_a_cell_costs_a_fraction_of_a_plain_loop(
    name: str,
    tmp_path: Path,
    performance: dict[str, object],
    capsys: pytest.CaptureFixture[str],
) -> None:
    work = WORKLOADS[name]
    arms = [{**work.setting.fixed, **arm.parameters} for arm in work.setting.arms]
    work.plain(arms[0], 0)
    times: dict[str, list[float]] = {"ours": [], "plain": [], "moments": []}
    ours, theirs = [], []
    for block in range(BLOCKS):
        seconds, found = seconds_per_cell(work, work.setting, tmp_path / str(block))
        times["ours"].append(seconds)
        ours += found
        started = time.perf_counter()
        theirs += [work.plain(arm, 1 + block) for arm in arms]
        times["plain"].append((time.perf_counter() - started) / len(arms))
        if name == "linear":
            seconds, _ = seconds_per_cell(work, MOMENTS, tmp_path / f"moments{block}")
            times["moments"].append(seconds)

    def ratio(of: str) -> float:
        return median(p / s for p, s in zip(times["plain"], times[of], strict=True))

    seconds = median(times["ours"])
    result = {"naive_s": median(times["plain"]), "ours_s": seconds, "ratio": ratio("ours")}
    result["sgemm_fraction"] = operations(work.setting) / (WORKERS * seconds) / sgemm_rate()
    if times["moments"]:
        result["ratio_moments"] = ratio("moments")
    section = performance.setdefault("throughput", {})
    assert isinstance(section, dict)
    section[name] = result
    with capsys.disabled():
        print(f"\n{name}:", ", ".join(f"{key} {value:.3g}" for key, value in result.items()))
    assert abs(median(ours) - median(theirs)) < work.close, "the two loops do not do the same job"
    assert result["ratio"] >= work.at_least
