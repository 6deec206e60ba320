"""What a call costs in memory, and what the machine's memory gives: beside every timing of a layer."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.profiler import ProfilerActivity, profile
from torch.utils.benchmark.utils.timer import timer

CLOCK: Callable[[], float] = timer
"""Seconds, once the accelerator has done what it was given."""


def kept(call: Callable[[], Tensor]) -> int:
    """Bytes that a call keeps for its backward pass, each storage counted once."""
    storages: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        result = call()
    del result
    return sum(storages.values())


def peak(call: Callable[[], Any], device: str) -> int:
    """The most bytes that a call has allocated at one moment, its result and temporaries together."""
    if device == "cuda":
        torch.cuda.synchronize()
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        call()
        return torch.cuda.max_memory_allocated() - before
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        result = call()
    events = [e for e in seen.profiler.kineto_results.events() if e.name() == "[memory]"]
    del result
    held = most = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        held += event.nbytes()
        most = max(most, held)
    return most


def bandwidth(device: str) -> dict[str, float]:
    """Bytes per second of a copy and of a triad, of tensors that no cache holds; the best of ten."""
    a, b, c = (torch.ones(1 << 25, device=device) for _ in range(3))  # 128 MiB each

    def best(tensors: int, step: Callable[[], Tensor]) -> float:
        times = []
        for _ in range(10):
            started = CLOCK()
            step()
            times.append(CLOCK() - started)
        return tensors * a.nbytes / min(times)

    return {
        "copy_bytes_per_s": best(2, lambda: a.copy_(b)),
        "triad_bytes_per_s": best(3, lambda: torch.add(b, c, alpha=3, out=a)),
    }
