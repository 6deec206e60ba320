"""torch.nn.BatchNorm1d, 2d and 3d through torch.compile, one graph, on the CPU.

`inductor` compiles to machine code: seconds for every shape and type, so it has one rank and one type.
`TRACED` goes through the same capture, functionalisation and decomposition, and
runs the graph without compiling it.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import replace

import torch
from torch import nn

from bnref.conformance.adapters import torch_nn
from bnref.conformance.implementation import Config, Implementation, NotAnImplementation

RECOMPILATIONS = 100_000
"""Every layer of the kit is another eps, momentum, shape or type; torch gives up after 8."""
PATIENCE = 120.0
"""Seconds for a check: each of its layers is captured and compiled, and the machine may be busy."""
SAYS_SO = {
    "gradients_per_sample_are_those_of_each_sample": "torch.func does not go through it, it says",
    "second_derivatives_are_those_of_the_formula": "no double backward, it says",
}
REFUSED = "a_refused_batch_leaves_the_state_as_it_was"
"""What the module does wrong eagerly and right as a graph."""
ALIASED = "statistics_may_share_memory_with_parameters"
"""The same of the graph alone: inductor's kernels write the statistics first, as the eager ones do."""


class Layer(torch_nn.Layer):
    """Calls the compiled module; its parameters and buffers are those of the module."""

    def __init__(self, module: nn.Module, config: Config, backend: str = "inductor") -> None:
        super().__init__(module, config)
        torch._dynamo.config.recompile_limit = RECOMPILATIONS
        torch._dynamo.config.accumulated_recompile_limit = RECOMPILATIONS
        self.module.compile(backend=backend, fullgraph=True, dynamic=False)


def adapter(name: str, backend: str, *cured: str) -> Implementation:
    """Compiled by a back end of torch.compile, which does not deviate in what it cures."""
    simple = Config(channels=3, dtype="float32")
    eager = {name: why for name, why in torch_nn.ADAPTER.deviates.items() if name not in cured}
    return replace(
        torch_nn.ADAPTER,
        name=name,
        make=lambda config: Layer(torch_nn.build(config), config, backend),
        default=lambda: Layer(nn.BatchNorm2d(3), simple, backend),
        patience=PATIENCE,
        deviates=eager | SAYS_SO,
    )


TRACED = adapter("torch.nn, compiled (aot_eager)", "aot_eager", REFUSED, ALIASED)


def inductor() -> Implementation:
    """Through torch's default back end, where there is the C++ compiler that it needs."""
    compiler = os.environ.get("CXX", "g++")
    if shutil.which(compiler) is None:
        raise NotAnImplementation(f"torch.compile needs a C++ compiler, and there is no {compiler}")
    found = adapter("torch.nn, compiled (inductor)", "inductor", REFUSED)
    return replace(found, dtypes=("float32",), ranks=(4,))
