"""What a cell costs beside the loop that people write: `pytest benchmarks/test_throughput.py -m speed`.

The cell is a training run of the learning-rate matrix. Ours: two workers at once through
`bnref.execution.local.run`, store included. Plain: torchvision transforms over PIL images, DataLoader,
torch.nn.BatchNorm2d, default threads and layout, one run after another. Both take the same steps of
the same size on the same images at the same rate, and count errors on the same images.

Blocks of both alternate. A block of ours is eighteen cells; its clock starts after the sixth, when both
workers have imported torch and loaded the data, and stops after the last. Cells end alternately, so
twelve more take six times as long as one. The first plain run is not counted.
"""

import os
import time
from dataclasses import replace
from pathlib import Path
from statistics import mean, median

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from bnref.campaign import Campaign
from bnref.evidence.claim import grid, plan
from bnref.evidence.store import Store
from bnref.execution.local import run
from bnref.execution.worker import Outcome
from bnref.lab.data import VALIDATION_SHARE
from bnref.lab.datasets import fashion_mnist_10k
from bnref.lab.nets import CONVOLUTIONS
from reproductions.beds import SWEEP

RATE = 0.125
SETTING = replace(SWEEP, arms=grid(norm=("batch_norm",), learning_rate=(RATE,)))
WORKERS, WARM, COUNTED = 2, 6, 12
BLOCKS, PLAIN_RUNS = 5, 2
AT_LEAST = 2.5


@pytest.mark.speed
def test_a_cell_costs_a_fraction_of_a_plain_loop(
    tmp_path: Path, bn_device: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if bn_device != "cpu":
        pytest.skip("compares runs on the CPU")
    if len(os.sched_getaffinity(0)) < WORKERS:
        pytest.skip(f"{WORKERS} workers need as many cores")
    plain = Plain()
    plain.run(0)
    ours, theirs, ratios = [], [], []
    our_errors: list[float] = []
    their_errors: list[float] = []
    for block in range(BLOCKS):
        seconds, errors = measured(tmp_path / str(block))
        ours.append(seconds)
        our_errors += errors
        for _ in range(PLAIN_RUNS):
            started = time.perf_counter()
            their_errors.append(plain.run(1 + len(their_errors)))
            theirs.append(time.perf_counter() - started)
        ratios.append(mean(theirs[-PLAIN_RUNS:]) / seconds)
    our_error, their_error = mean(our_errors), mean(their_errors)
    with capsys.disabled():
        print(
            f"\na cell takes {median(ours):.2f} s with {WORKERS} workers (fastest {min(ours):.2f}), "
            f"a plain loop {median(theirs):.2f} s with {torch.get_num_threads()} threads (fastest "
            f"{min(theirs):.2f}): ratio {median(ratios):.2f} ({min(ratios):.2f} to "
            f"{max(ratios):.2f} in {BLOCKS} blocks), of the fastest {min(theirs) / min(ours):.2f}; "
            f"test error {our_error:.3f} and {their_error:.3f}"
        )
    assert abs(our_error - their_error) < 0.05, "the two loops do not do the same job"
    assert median(ratios) >= AT_LEAST


def measured(store: Path) -> tuple[float, list[float]]:
    """Seconds of wall time per cell once the workers are warm, and the cells' test errors."""
    planned = plan(SETTING, "small", "cpu", seeds=range(WARM + COUNTED))
    tasks = [Campaign.task(one.cell, str(one.cell.seed)) for one in planned]
    ends: list[float] = []

    def tell(outcome: Outcome) -> None:
        assert not outcome.error, outcome.error
        ends.append(time.perf_counter())

    records = Store(store)
    run(tasks, records, WORKERS, tell)
    errors = [record.metrics["test_error"] for record in records.records()]
    return (ends[-1] - ends[WARM - 1]) / COUNTED, errors


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


class Plain:
    """The cell as people write it."""

    def __init__(self) -> None:
        arrays = fashion_mnist_10k.load()
        kept = round(len(arrays.train_images) * (1 - VALIDATION_SHARE))
        pixels = arrays.train_images[:kept] / 255
        transform = transforms.Compose(
            [
                transforms.ToTensor(),
                nn.AvgPool2d(2),
                transforms.Normalize((float(pixels.mean()),), (float(pixels.std()),)),
            ]
        )
        self.train = Images(arrays.train_images[:kept], arrays.train_labels[:kept], transform)
        self.validation = Images(arrays.train_images[kept:], arrays.train_labels[kept:], transform)
        self.test = Images(arrays.test_images, arrays.test_labels, transform)

    def run(self, seed: int) -> float:
        """Train once; the share of test images that the net gets wrong."""
        torch.manual_seed(seed)
        batch = int(SETTING.fixed["batch_size"] or 0)
        steps = int(SETTING.fixed["images"] or 0) // batch
        net = network(str(SETTING.fixed["net"]))
        optimiser = torch.optim.SGD(net.parameters(), lr=RATE)
        loader = DataLoader(self.train, batch_size=batch, shuffle=True, drop_last=True)
        net.train()
        for step, (images, labels) in enumerate(loader):
            if step == steps:
                break
            optimiser.zero_grad()
            loss = nn.functional.cross_entropy(net(images), labels)
            loss.backward()
            optimiser.step()
        wrong(net, self.validation)
        return wrong(net, self.test) / len(self.test)


def network(plan: str) -> nn.Sequential:
    """The cell's network of torch's own layers, with the same kind of initialisation."""
    layers: list[nn.Module] = []
    channels = 1
    for out, stride in CONVOLUTIONS[plan]:
        convolution = nn.Conv2d(channels, out, 3, stride, 1, bias=False)
        nn.init.kaiming_normal_(convolution.weight)
        layers += [convolution, nn.BatchNorm2d(out), nn.ReLU()]
        channels = out
    classifier = nn.Linear(channels, 10)
    nn.init.normal_(classifier.weight, std=channels**-0.5)
    nn.init.zeros_(classifier.bias)
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), classifier)


@torch.no_grad()
def wrong(net: nn.Module, images: Images) -> int:
    """How many images the net gets wrong in evaluation mode."""
    net.eval()
    loader = DataLoader(images, batch_size=500)
    return sum(int((net(x).argmax(1) != y).sum()) for x, y in loader)
