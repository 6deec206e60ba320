"""A replayed step is the plain step, bit for bit; what cannot be replayed is not, and says so."""

from contextlib import contextmanager

import pytest
import torch
from pretend import Device, Graph
from torch import nn

from bnref.lab import graphs
from bnref.lab.data import Split
from bnref.lab.experiments.landscape import along_gradient
from bnref.lab.nets import convnet, each_norm, initialise
from bnref.lab.randomness import generator
from bnref.lab.training import train

STEPS = 12


@pytest.fixture(autouse=True)
def deterministic(monkeypatch):
    """As on a GPU, where a first replay is compared with the step that it repeats."""
    monkeypatch.setattr(torch, "are_deterministic_algorithms_enabled", lambda: True)


class Trained:
    """What training on the pretended device left, and how."""

    def __init__(self, monkeypatch, replay, norm="batch_norm", net=None, probed=False, **recipe):
        self.graphs: list[Graph] = []
        monkeypatch.setattr(graphs, "recorder", self.record if replay else lambda device: None)
        self.seen: list[dict[str, float]] = []
        net = net or convnet("convnet3", norm, 1, 10)
        initialise(net, 0)
        drawn = torch.randn(64, 1, 8, 8, generator=generator(0, "images"))
        recipe = {"learning_rate": 0.1, "batch_size": 16, "steps": STEPS, "seed": 0} | recipe
        with Device():
            split = Split(drawn.to("pretend"), (torch.arange(64) % 10).to("pretend"))
            self.net = net.to("pretend", memory_format=torch.channels_last)
            before = self.places()

            def probe(step, images, labels):
                if step % 5 == 0:
                    self.seen.append(along_gradient(self.net, images, labels, 0.1))

            run = train(self.net, split, probe=probe if probed else None, **recipe)
        assert self.places() == before, "a tensor was replaced"
        self.numbers = [run.losses.held, run.accuracies.held]
        self.numbers += [tensor.held for tensor in self.tensors()]

    def record(self, device):
        self.graphs.append(Graph())
        return self.graphs[-1]

    def tensors(self):
        return [*self.net.parameters(), *self.net.buffers()]

    def places(self):
        return [(id(tensor), tensor.held.data_ptr()) for tensor in self.tensors()]


def same(a, b):
    return all(torch.equal(x, y) for x, y in zip(a.numbers, b.numbers, strict=True))


@pytest.mark.parametrize(
    "recipe",
    [
        {},
        {"sgd_momentum": 0.9, "weight_decay": 1e-3, "drops": (0.5, 0.75), "augment": "crop_flip"},
        {"probed": True},
        {"norm": "bnref.lab.variants:renorm_of_wu_he"},
        {"norm": "bnref.lab.variants:ghosts_of_2"},
        {"norm": "group_norm", "learning_rate": 1e8},
    ],
    ids=["plain", "whole recipe", "probed", "renorm", "ghosts", "diverging"],
)
def test_a_replayed_run_has_the_bits_of_the_plain_one(monkeypatch, recipe):
    plain, replayed = (Trained(monkeypatch, replay, **recipe) for replay in (False, True))
    (graph,) = replayed.graphs
    assert graph.replays == STEPS - graphs.WARM_UP + 1, "the last step of warming up is taken twice"
    for a, b in zip(plain.numbers, replayed.numbers, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0, equal_nan=True)
    assert replayed.seen == plain.seen


def test_a_falling_rate_reaches_a_captured_step(monkeypatch):
    constant, falling = (Trained(monkeypatch, True, drops=drops) for drops in ((), (0.5,)))
    assert not same(constant, falling)


def test_running_averages_without_a_momentum_are_replayed(monkeypatch):
    def net():
        made = convnet("convnet3", "batch_norm", 1, 10)
        for layer in each_norm(made, "running_mean"):
            layer.momentum = None
        return made

    plain, replayed = (Trained(monkeypatch, replay, net=net()) for replay in (False, True))
    assert same(plain, replayed)
    assert replayed.graphs[0].replays


class Counts(nn.Module):
    """A layer that keeps in Python how often it was called: as a number, or out of sight."""

    def __init__(self, hidden):
        super().__init__()
        self.hidden = hidden
        self.count = 0
        self.calls = []

    def forward(self, x):
        if self.hidden:
            self.calls.append(x.shape)
        else:
            self.count += 1
        return x * (1 + 0.1 * (self.count + len(self.calls)))


def with_layer(layer):
    return nn.Sequential(*convnet("convnet3", "batch_norm", 1, 10)[:-1], layer, nn.Linear(64, 10))


@pytest.mark.parametrize(
    ("net", "reason"),
    [
        (lambda: convnet("convnet3", "noisy_batch_norm", 1, 10), "1 draws random numbers"),
        (lambda: with_layer(Counts(hidden=False)), "a layer counts"),
    ],
    ids=["draws", "counts"],
)
def test_what_the_host_does_in_a_step_is_not_replayed_and_said(monkeypatch, net, reason):
    plain = Trained(monkeypatch, False, net=net())
    with pytest.warns(UserWarning, match=f"^steps are not replayed: {reason} .*on the host$"):
        asked = Trained(monkeypatch, True, net=net())
    assert same(plain, asked)
    assert not any(graph.replays for graph in asked.graphs)


def test_a_replay_that_gives_other_numbers_is_an_error(monkeypatch):
    with pytest.raises(RuntimeError, match="a replayed step gives other numbers than a plain one"):
        Trained(monkeypatch, True, net=with_layer(Counts(hidden=True)))
    monkeypatch.setattr(torch, "are_deterministic_algorithms_enabled", lambda: False)
    Trained(monkeypatch, True, net=with_layer(Counts(hidden=True)))


def test_a_run_that_ends_while_warming_up_is_plain(monkeypatch):
    short = {"steps": graphs.WARM_UP - 1}
    plain, asked = (Trained(monkeypatch, replay, **short) for replay in (False, True))
    assert same(plain, asked)


@pytest.mark.parametrize("asked", ["0", "1"])
def test_steps_are_recorded_on_a_gpu_where_it_was_asked_for(monkeypatch, asked):
    monkeypatch.setenv("BNREF_REPLAY", asked)
    monkeypatch.setattr(graphs, "CudaRecorder", lambda: "a CUDA graph")
    assert graphs.recorder(torch.device("cpu")) is None
    assert graphs.recorder(torch.device("cuda")) == ("a CUDA graph" if asked == "1" else None)


def test_a_cuda_graph_is_warmed_up_and_captured_beside_the_current_stream(monkeypatch):
    """Every call of torch.cuda in its order, by stand-ins: there is no such device here."""
    calls = []

    class Stream:
        def __init__(self, name="beside"):
            self.name = name

        def wait_stream(self, other):
            calls.append(f"{self.name} waits for {other.name}")

    class Graph:
        def replay(self):
            calls.append("replay")

    @contextmanager
    def entered(what, stream):
        calls.append(f"{what} on {stream.name}")
        yield
        calls.append(f"{what} ends")

    monkeypatch.setattr(torch.cuda, "Stream", Stream)
    monkeypatch.setattr(torch.cuda, "CUDAGraph", Graph)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda: Stream("current"))
    monkeypatch.setattr(torch.cuda, "stream", lambda stream: entered("work", stream))
    monkeypatch.setattr(torch.cuda, "graph", lambda graph, stream: entered("capture", stream))
    graphs._stream.cache_clear()
    made, another = graphs.CudaRecorder(), graphs.CudaRecorder()
    graphs._stream.cache_clear()
    assert made.stream is another.stream
    with made.aside():
        calls.append("warm up")
    assert made.capture(lambda: calls.append("recorded") or "outputs") == "outputs"
    made.replay()
    assert calls == [
        "beside waits for current", "work on beside", "warm up", "work ends",
        "current waits for beside", "capture on beside", "recorded", "capture ends", "replay",
    ]  # fmt: skip
