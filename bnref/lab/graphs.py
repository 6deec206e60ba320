"""Steps of training from a CUDA graph (`--bn-replay`): one launch in the place of one for each kernel.

The first WARM_UP steps run as they are, but on the stream that is captured later. Then the last of them
is captured, taken again by a replay from where it began, and has to give the same bits; from there on
every batch is copied to where the captured one lies, and the graph replayed.

A graph holds kernels, addresses and the numbers that the host passed, and no Python: what the host
computes or draws in a step would be frozen. The rate is a tensor for that reason, which of torch's SGDs the
fused one alone reads on the device. Batches have one size here, and are made outside of the graph, so
augmentation may draw as it likes. Probes may look at the net between two steps; its tensors stay where
they are.

https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs
"""

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from typing import Protocol, TypeVar

import torch
from torch import Tensor, nn

WARM_UP = 3
"""As the source above has it: lazy allocations and choices of libraries must not fall into the capture."""

Step = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
"""Images and labels of a batch -> its loss and accuracy, detached; the net has moved."""
T = TypeVar("T")


class Recorder(Protocol):
    """What captures work on a device and runs it again."""

    def aside(self) -> AbstractContextManager[None]:
        """Run work on the stream that captures, between what was and what will be asked of the device."""

    def capture(self, work: Callable[[], T]) -> T:
        """What the work returns: tensors that a replay fills. Nothing is run."""

    def replay(self) -> None:
        """Run what was captured."""


class CudaRecorder:
    """A CUDA graph, captured on a stream beside the default one.

    Warming up there is required, not advised: autograd remembers on which stream the gradient of a
    parameter is accumulated, and the default one cannot be captured (pytorch/pytorch#64339).
    """

    def __init__(self) -> None:
        self.stream, self.graph = _stream(), torch.cuda.CUDAGraph()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Run work on the stream that captures."""
        current = torch.cuda.current_stream()
        self.stream.wait_stream(current)
        with torch.cuda.stream(self.stream):
            yield
        current.wait_stream(self.stream)

    def capture(self, work: Callable[[], T]) -> T:
        """What the work returns: tensors that a replay fills."""
        with torch.cuda.graph(self.graph, stream=self.stream):
            return work()

    def replay(self) -> None:
        """Run what was captured, on the current stream."""
        self.graph.replay()


@cache
def _stream() -> torch.cuda.Stream:
    """One for all runs of a process: cuBLAS keeps a workspace for each stream that it ever saw."""
    return torch.cuda.Stream()


def recorder(device: torch.device) -> Recorder | None:
    """What records steps on this device, where `--bn-replay` was given."""
    asked = device.type == "cuda" and os.environ.get("BNREF_REPLAY") == "1"
    return CudaRecorder() if asked else None


def replayed(step: Step, net: nn.Module, momenta: Sequence[Tensor]) -> Step:
    """The step, from a graph where that was asked for and can be; where it cannot, a warning says why.

    What `step` moves are parameters and buffers of the net and `momenta`. What it returns is overwritten
    by the next one. Raises RuntimeError where a replay gives other bits than the
    step, unless kernels may do so themselves (`--bn-nondeterministic`).
    """
    device = next(net.parameters()).device
    graph = recorder(device)
    if graph is None:
        return step
    for name, module in net.named_modules():
        if any(isinstance(value, torch.Generator) for value in vars(module).values()):
            return _plain(step, f"{name or 'the net'} draws random numbers on the host")
    return _Replayed(step, net, momenta, graph)


def _plain(step: Step, reason: str) -> Step:
    warnings.warn(f"steps are not replayed: {reason}", stacklevel=3)
    return step


class _Replayed:
    """A step that is plain at first and a replay later."""

    def __init__(
        self, step: Step, net: nn.Module, momenta: Sequence[Tensor], graph: Recorder
    ) -> None:
        self.step, self.net, self.momenta, self.graph = step, net, momenta, graph
        self.left = WARM_UP
        self.kept = _numbers(net)
        self.inputs: tuple[Tensor, ...] = ()
        self.outputs: tuple[Tensor, Tensor] | None = None

    def __call__(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        if self.outputs is not None:
            for buffer, value in zip(self.inputs, (images, labels), strict=True):
                buffer.copy_(value)
            self.graph.replay()
            return self.outputs
        if self.left == 0:  # no graph
            return self.step(images, labels)
        self.left -= 1
        before = [tensor.clone() for tensor in self._state()] if self.left == 0 else []
        with self.graph.aside():
            found = self.step(images, labels)
        if self.left == 0:
            self._record(images, labels, before, found)
        return found

    def _record(
        self, images: Tensor, labels: Tensor, before: list[Tensor], found: tuple[Tensor, Tensor]
    ) -> None:
        """Capture the step that was just taken, and take it again from where it began."""
        if _numbers(self.net) != self.kept:
            self.step = _plain(self.step, "a layer counts on the host")
            return
        after = [*found, *(tensor.clone() for tensor in self._state())]
        self.inputs = images.clone(), labels.clone()
        self.outputs = self.graph.capture(lambda: self.step(*self.inputs))
        for tensor, value in zip(self._state(), before, strict=True):
            tensor.copy_(value)
        self.graph.replay()
        if torch.are_deterministic_algorithms_enabled() and not all(
            _same(a, b) for a, b in zip(after, (*self.outputs, *self._state()), strict=True)
        ):
            raise RuntimeError(
                "a replayed step gives other numbers than a plain one: run without --bn-replay"
            )

    def _state(self) -> list[Tensor]:
        """Everything that a step moves: parameters, buffers, momentum."""
        return [*(p.detach() for p in self.net.parameters()), *self.net.buffers(), *self.momenta]


def _numbers(net: nn.Module) -> dict[tuple[str, str], float]:
    """The plain numbers among the attributes of all layers, as a layer in Python would count with."""
    return {
        (module, name): value
        for module, layer in net.named_modules()
        for name, value in vars(layer).items()
        if isinstance(value, int | float)
    }


def _same(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors agree in every value, NaN with NaN."""
    return bool(((a == b) | ((a != a) & (b != b))).all())
