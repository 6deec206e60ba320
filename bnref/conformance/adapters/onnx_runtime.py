"""The operator BatchNormalization in ONNX Runtime, on its CPU provider; it has no gradients."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bnref.conformance.adapters._framework import Framework
from bnref.conformance.implementation import Config, Conventions, Implementation, State

helper = Framework("onnx.helper")
onnx = Framework("onnx")
onnxruntime = Framework("onnxruntime")

Array = NDArray[Any]
NAMES = ("weight", "bias", "running_mean", "running_var")
OPSET = 15
ELEMENTS = {"float32": 1, "float16": 10}
"""The numbers of the types in ONNX. Not float64: eps and momentum are attributes in float32."""


class Layer:
    """Two graphs of one node, for training and for inference, and the arrays handed to them."""

    def __init__(self, config: Config, attributes: dict[str, float]) -> None:
        self.config, self.attributes = config, tuple(attributes.items())
        one = np.ones(config.channels, "float32")
        self.arrays = dict(zip(NAMES, (one, 0 * one, 0 * one, one), strict=True))

    def train(self, x: Array) -> Array:
        y, mean, var = self._run(x, training=True)
        self.arrays |= {"running_mean": mean, "running_var": var}
        return y

    def evaluate(self, x: Array) -> Array:
        return self._run(x, training=False)[0]

    def state(self) -> State:
        return {name: value.copy() for name, value in self.arrays.items()}

    def load(self, state: State) -> None:
        for name, value in state.items():
            self.arrays[name] = np.array(value, "float32")

    def _run(self, x: Array, training: bool) -> list[Any]:
        session = _session(self.config.dtype, x.ndim, training, self.attributes)
        return session.run(None, {"x": np.ascontiguousarray(x), **self.arrays})


@cache
def _session(
    dtype: str, rank: int, training: bool, attributes: tuple[tuple[str, float], ...]
) -> Any:
    element = ELEMENTS[dtype]
    wide = ELEMENTS["float32"]
    made, value = helper.make_node, helper.make_tensor_value_info
    outputs = ["y", "mean", "var"] if training else ["y"]
    node = made(
        "BatchNormalization",
        ["x", *NAMES],
        outputs,
        training_mode=int(training),
        **dict(attributes),
    )
    shape = ["N", "C", *(f"d{i}" for i in range(rank - 2))]
    graph = helper.make_graph(
        [node],
        "batch_norm",
        [value("x", element, shape), *(value(name, wide, ["C"]) for name in NAMES)],
        [value(n, element if n == "y" else wide, shape if n == "y" else ["C"]) for n in outputs],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    how = onnxruntime.SessionOptions()
    how.intra_op_num_threads, how.log_severity_level = 1, 4
    try:
        return onnxruntime.InferenceSession(
            model.SerializeToString(), how, ["CPUExecutionProvider"]
        )
    except Exception as error:  # the classes are those of a compiled module
        if "NOT_IMPLEMENTED" in str(error) or "NotImplemented" in type(error).__name__:
            raise NotImplementedError(str(error)) from error
        raise


def _make(config: Config) -> Layer:
    if config.momentum is None or not config.track or not config.affine:
        raise NotImplementedError("the operator always scales, and averages with a fixed weight")
    return Layer(config, {"epsilon": config.eps, "momentum": 1 - config.momentum})


def adapter() -> Implementation:
    """The Implementation, where onnx and onnxruntime are installed."""
    simple = Config(channels=3, dtype="float32")
    return Implementation(
        name="ONNX Runtime",
        version=f"{onnxruntime.__version__}, onnx {onnx.__version__}",
        make=_make,
        conventions=Conventions(momentum=0.1, running_variance="biased", one_value="allowed"),
        dtypes=tuple(ELEMENTS),
        default=lambda: Layer(simple, {}),
        deviates={"an_infinite_input_does_not_poison_the_statistics": "inputs are not inspected"},
    )
