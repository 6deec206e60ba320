"""What a batch norm must satisfy: checks, an adapter of ten lines, and a runner. NumPy only.

An adapter describes one implementation:

    import numpy as np
    from bnref.conformance import Config, Conventions, Implementation

    class Layer:
        def __init__(self, config: Config) -> None: ...
        def train(self, x): ...        # y; moves the running statistics
        def evaluate(self, x): ...     # y, by the running statistics
        def backward(self, dy): ...    # dx, dweight, dbias of the last train or evaluate
        def state(self): ...           # {"weight", "bias", "running_mean", "running_var": (C,)}
        def load(self, state): ...     # sets those that are named, in place; casts to its own type

    ADAPTER = Implementation(
        name="mine", version="1.0", make=Layer,
        conventions=Conventions(momentum=0.1, running_variance="unbiased", one_value="raises"),
        dtypes=("float64", "float32"),
    )

Inputs and outputs are NumPy arrays (N, C, ...) of `config.dtype`; bfloat16 travels as float32 values
rounded to it. `config.momentum` is the weight of the new batch, or None for the average of all. A
layer may lack any method, and may have more (`implementation.METHODS` lists all with their
signatures): a check that needs what it lacks is `not_applicable`. `make` and every method may raise
NotImplementedError(reason) to say the same. Any other exception, a wrong shape or type, and NaN are
named findings (`broken`). `strides=True` says that inputs reach the implementation in the memory
layout that they come in: then it is also handed channels-last, permuted and sliced views.
`pools="group"` (or layer, instance, rms) says that the layer normalises each sample by itself: it
meets the checks of that formula and none of batch norm's. `deviates={check: reason}` declares
failures beforehand; an unexpected pass is then a finding, too.

    report = run(ADAPTER, seed=0)                  # or names=["running_mean_weighs_..."]
    report["training_normalises_by_the_batch"]     # a Result: status, expected, found, ulp, ...
    report.code                                    # 0 conforms, 1 deviates

A torch module needs no Layer of its own: `adapters.torch_module.adapter("mine", build)` wraps it. From
a shell: `bnref conform package.module:ADAPTER`, which runs in a process that may hang or crash.

`checks()` holds every check by name; a Check is called with (implementation, rng), never raises, and
knows its `catalogue` ids (C01 to C36), `links` and `needs`. A new check is a function in a file of
checks/, decorated with `check("C02", needs="train state")`, that yields findings of a `Case`. It cites
its threads in the docstring, whose first sentence is the property.

For the museum: a mutant is an Implementation whose Layer has the bug; it dies by a check when
`run(mutant, names=[check])[check].status` is "deviates" or "broken".
"""

# First, so that the function `checks` and not the folder keeps the name: Python binds it at this import.
import bnref.conformance.checks  # noqa: F401
from bnref.conformance.check import Check, checks
from bnref.conformance.draw import apart, draw
from bnref.conformance.implementation import (
    METHODS,
    Config,
    Conventions,
    Implementation,
    NotAnImplementation,
    load,
)
from bnref.conformance.report import Report
from bnref.conformance.result import Result
from bnref.conformance.runner import run

__all__ = [
    "METHODS",
    "Check",
    "Config",
    "Conventions",
    "Implementation",
    "NotAnImplementation",
    "Report",
    "Result",
    "apart",
    "checks",
    "draw",
    "load",
    "run",
]
