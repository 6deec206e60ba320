"""Adapters of real implementations, the conventions measured from them, and conversion between them."""

import inspect
import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import date
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

from bnref.conformance import Config, Implementation, NotAnImplementation, draw, isolated, load, run
from bnref.conformance import adapters as home
from bnref.conformance import conventions as rules
from bnref.conformance.adapters._framework import Framework

HOME = "bnref.conformance.adapters"

# The packages beside torch that an implementation needs.
NEEDS = {
    "equinox": ("equinox", "jax"),
    "flax_linen": ("flax", "jax"),
    "flax_nnx": ("flax", "jax"),
    "keras_jax": ("keras", "jax"),
    "keras_tensorflow": ("keras", "tensorflow"),
    "keras_torch": ("keras",),
    "mlx": ("mlx",),
    "onnx_runtime": ("onnx", "onnxruntime"),
    "tensorflow_fused": ("tensorflow",),
    "tinygrad": ("tinygrad",),
}
FRAMEWORKS = [name for name in rules.ADAPTERS if name.partition(":")[0] in NEEDS]

# What was found wrong with the versions of November 2026; docs and report name them. A finding that
# is gone fails here, too: then the table of findings is out of date.
HALF_THROUGHOUT = {
    "a_large_mean_costs_no_more_than_its_size",
    "a_large_mean_leaves_the_gradients_right",
    "a_large_running_mean_costs_no_more_than_its_size",
    "half_precision_gradients_sum_in_a_wider_type",
    "half_precision_sums_in_a_wider_type",
    "slow_statistics_move_in_half_precision",
    "training_normalises_by_the_batch",
}
ONE_PASS_NOT_A_NUMBER = {
    "a_large_mean_costs_no_more_than_its_size",
    "a_large_mean_leaves_the_gradients_right",
    "sizes_have_no_limit",
}
CORRECTED_FOR_A_START_AT_ZERO_THAT_IS_ONE = {
    "evaluation_approaches_training_at_the_rate_of_momentum",
    "sizes_have_no_limit",
}
FINDINGS: dict[str, set[str]] = {
    "equinox:batch": CORRECTED_FOR_A_START_AT_ZERO_THAT_IS_ONE,
    "flax_nnx:adapter": {"a_large_running_mean_costs_no_more_than_its_size"},
    "keras_tensorflow:adapter": {"padding_is_not_counted"},
    "keras_torch:adapter": ONE_PASS_NOT_A_NUMBER,
    "mlx:adapter": HALF_THROUGHOUT,
    "tinygrad:adapter": {"a_refused_batch_leaves_the_state_as_it_was"},
}

# weight of the new batch, weight of the first one, kept variance, eps, one value per channel
TORCH = (0.1, 0.1, "unbiased", 1e-5, "raises")
FLAX = (0.01, 0.01, "biased", 1e-5, "allowed")
KERAS = (0.01, 0.01, "biased", 1e-3, "allowed")
EXPECTED = {
    "bnref_norms:ADAPTER": TORCH,
    "equinox:batch": (0.01, 1.0, "biased", 1e-5, "allowed"),
    "equinox:ema": (0.01, 1.0, "biased", 1e-5, "allowed"),
    "flax_linen:adapter": FLAX,
    "flax_nnx:adapter": FLAX,
    "keras_jax:adapter": KERAS,
    "keras_tensorflow:adapter": KERAS,
    "keras_torch:adapter": KERAS,
    "mlx:adapter": TORCH,
    "numpy_plain:ADAPTER": TORCH,
    "onnx_runtime:adapter": (0.1, 0.1, "biased", 1e-5, "allowed"),
    "tensorflow_fused:adapter": (1.0, 1.0, "unbiased", 1e-3, "allowed"),
    "tinygrad:adapter": TORCH,
    "torch_autocast:ADAPTER": TORCH,
    "torch_channels_last:ADAPTER": TORCH,
    "torch_nn:ADAPTER": TORCH,
    "torch_sync:ADAPTER": TORCH,
}


def needed(name: str) -> None:
    """Skip where a package is missing. None is imported: each sets variables that others inherit."""
    for package in NEEDS.get(name.partition(":")[0], ()):
        if find_spec(package) is None:
            pytest.skip(f"{package} is not installed here (pip install 'bnref[frameworks]')")


def public() -> list[str]:
    """Everything in the folder that is an Implementation, or makes one without arguments."""
    found = []
    for path in sorted(Path(home.__file__).parent.glob("[!_]*.py")):
        module = import_module(f"{HOME}.{path.stem}")
        for name, item in vars(module).items():
            own = inspect.isfunction(item) and item.__module__ == module.__name__
            makes = own and inspect.signature(item).return_annotation == "Implementation"
            makes = makes and not inspect.signature(item).parameters
            if not name.startswith("_") and (isinstance(item, Implementation) or makes):
                found.append(f"{path.stem}:{name}")
    return found


def test_every_adapter_is_listed_and_imports_without_its_framework():
    """Importing them all happens in public(), in this environment, which may have no framework."""
    assert sorted(public()) == sorted(rules.ADAPTERS)
    assert set(NEEDS) <= {name.partition(":")[0] for name in rules.ADAPTERS}


def test_a_missing_framework_is_named_with_what_to_install():
    missing = Framework("no_such_framework.nn")
    with pytest.raises(NotAnImplementation, match="no_such_framework is not installed here"):
        _ = missing.BatchNorm


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_an_adapter_without_its_framework_says_so(name, monkeypatch):
    for variable in ("KERAS_BACKEND", "DEV"):  # adapters set them: put back, others inherit them
        monkeypatch.setenv(variable, "")
    monkeypatch.setattr(
        "bnref.conformance.adapters._framework.import_module",
        lambda name: (_ for _ in ()).throw(ImportError(f"No module named {name!r}")),
    )
    with pytest.raises(NotAnImplementation, match="is not installed here"):
        load(f"{HOME}.{name}")


QUICK = (
    "training_normalises_by_the_batch",
    "evaluation_normalises_by_the_running_statistics",
    "training_gradients_are_those_of_the_formula",
    "momentum_weighs_the_new_batch",
)


@pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning")  # torch.compile looks at it
@pytest.mark.parametrize("name", ["torch_autocast", "torch_channels_last", "torch_sync"])
def test_torch_variants_conform(name):
    report = run(load(f"{HOME}.{name}:ADAPTER"))
    assert [r.check for r in report.results if not r.as_declared] == [], report.text()
    assert report.code == 0


RELATIVES = [
    name for name in rules.ADAPTERS if name.startswith(("bnref_relatives", "bnref_samples"))
]


@pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning")  # torch.compile looks at it
@pytest.mark.parametrize("name", RELATIVES)
def test_our_layers_deviate_as_declared_and_nowhere_else(name):
    report = run(load(f"{HOME}.{name}"))
    assert [r.check for r in report.results if not r.as_declared] == [], report.text()


def test_channels_last_reaches_the_layer():
    adapter = load(f"{HOME}.torch_channels_last:ADAPTER")
    layer = adapter.make(Config(channels=3))
    layer.train(draw(1, (2, 3, 4, 5), "float64"))
    assert layer.x.is_contiguous(memory_format=torch.channels_last)
    assert layer.y.is_contiguous(memory_format=torch.channels_last)


def test_autocast_leaves_the_statistics_in_float32():
    layer = load(f"{HOME}.torch_autocast:ADAPTER").make(Config(channels=3, dtype="bfloat16"))
    layer.train(draw(1, (2, 3, 4, 5), "bfloat16"))
    assert layer.y.dtype == torch.bfloat16
    assert layer.state()["running_var"].dtype == np.float32


def test_sync_batch_norm_without_an_accelerator_has_no_shards():
    adapter = load(f"{HOME}.torch_sync:ADAPTER")
    result = run(adapter, names=["shards_compute_as_the_joined_batch"]).results[0]
    if torch.cuda.is_available():
        assert result.status == "conforms", result.found
    else:
        assert result.status == "not_applicable"
        assert "no kernels for the CPU" in result.found


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["torch_compiled:TRACED", "torch_compiled:inductor"])
def test_compiled_torch_conforms(name):
    report = isolated.run(f"{HOME}.{name}", names=QUICK, seconds=120.0)
    assert report.code == 0, report.text()


@pytest.mark.parametrize("name", [name for name in FRAMEWORKS if name in EXPECTED])
@pytest.mark.parametrize(
    "checks", [QUICK, pytest.param(None, marks=pytest.mark.nightly)], ids=["quick", "all"]
)
def test_frameworks_deviate_as_found_and_nowhere_else(name, checks):
    needed(name)
    report = isolated.run(f"{HOME}.{name}", names=checks, seconds=120.0)
    found = {result.check for result in report.results if not result.as_declared}
    asked = {result.check for result in report.results}
    assert found == FINDINGS.get(name, set()) & asked, report.text()


MEASURE = """
import json, sys
from dataclasses import asdict
from bnref.conformance import load
from bnref.conformance.conventions import measured
print(json.dumps(asdict(measured(load(sys.argv[1])))))
"""


@pytest.mark.parametrize("name", EXPECTED)
def test_conventions_are_measured_from_what_a_layer_answers(name):
    needed(name)
    if name in FRAMEWORKS:  # each in a process of its own: Keras has one back end in each
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        command = [sys.executable, "-c", MEASURE, f"{HOME}.{name}"]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        assert done.returncode == 0, done.stderr
        found = rules.Measured(**json.loads(done.stdout.splitlines()[-1]))
    else:
        found = rules.measured(load(f"{HOME}.{name}"))
    row = (found.momentum, found.first, found.variance, found.eps, found.one_value)
    assert row == EXPECTED[name]
    assert {"running_mean", "running_var"} <= set(found.buffers)


NUMPY = load(f"{HOME}.numpy_plain:ADAPTER")


def as_another(**changed):
    """The layer in NumPy with other defaults."""
    config = Config(channels=3, dtype="float32", **changed)
    return replace(NUMPY, default=lambda: NUMPY.make(config))


def test_measuring_looks_at_the_layer_and_not_at_what_is_declared():
    lying = as_another(momentum=0.03, eps=1e-3)
    assert lying.conventions.momentum == 0.1
    found = rules.measured(lying)
    assert (found.momentum, found.first, found.eps) == (0.03, 0.03, 1e-3)


def test_an_average_of_all_batches_has_no_weight_in_the_long_run():
    found = rules.measured(as_another(momentum=None))
    assert found.momentum == pytest.approx(0, abs=1e-6)
    assert found.first == 1


def test_what_has_no_explanation_is_said():
    class Halved(type(NUMPY.default())):
        def evaluate(self, x):
            self.arrays["running_var"] *= 0.7
            return super().evaluate(x)

    config = Config(channels=3, dtype="float32")
    with pytest.raises(rules.Unmeasured, match="times the biased variance"):
        rules.measured(replace(NUMPY, default=lambda: Halved(config)))
    with pytest.raises(rules.Unmeasured, match="offers no `default`"):
        rules.measured(replace(NUMPY, default=None))


def test_the_table_is_dated_and_has_a_row_for_each():
    rows = {name: rules.measured(load(f"{HOME}.{name}")) for name in ("torch_nn:ADAPTER",)}
    rows["other"] = replace(rows["torch_nn:ADAPTER"], momentum=0.03, first=1.0)
    text = rules.table(rows, date(2026, 11, 23))
    assert text.startswith("Measured on 2026-11-23")
    assert f"| torch.nn | {torch.__version__} | 0.1 | unbiased | 1e-05 | raises |" in text
    assert "| 0.03, the first 1 | unbiased |" in text
    assert len({line.count("|") for line in text.splitlines() if line.startswith("|")}) == 1


@pytest.mark.parametrize(("keras", "torch_"), [(0.99, 0.01), (0.9, 0.1), (0.0, 1.0)])
def test_momentum_complement_is_its_own_inverse(keras, torch_):
    assert rules.complement(keras) == torch_
    assert rules.complement(torch_) == keras


def test_conversion_refuses_what_is_no_number_of_its_kind():
    with pytest.raises(ValueError, match="no weight"):
        rules.complement(1.1)
    with pytest.raises(ValueError, match="no unbiased variance"):
        rules.bessel(1)
    with pytest.raises(ValueError, match="set eps"):
        rules.with_eps(np.array([1e-4]), 1e-5, 1e-3)


def biased_layer(momentum):
    """A layer in NumPy that keeps the biased variance, as Keras and Flax do."""
    layer = NUMPY.make(Config(channels=3, momentum=momentum))

    def train(x):
        mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3))
        for name, value in (("running_mean", mean), ("running_var", var)):
            layer.arrays[name] += momentum * (value - layer.arrays[name])

    layer.train = train
    return layer


@pytest.mark.parametrize("steps", [1, 7, 200])
def test_a_converted_layer_has_the_statistics_it_would_have_had(steps):
    """Both kinds of layer see the same batches of 6 values per channel; conversion is exact."""
    momentum = rules.complement(0.9)
    one, other = NUMPY.make(Config(channels=3, momentum=momentum)), biased_layer(momentum)
    for seed in range(steps):
        x = draw(seed, (3, 3, 2, 1), "float64", mean=1.0, std=2.0)
        one.train(x)
        other.train(x)
    torch_like = rules.measured(NUMPY)
    keras_like = replace(torch_like, variance="biased", ratio=1.0)
    for source, target, state, wanted in (
        (torch_like, keras_like, one.state(), other.state()),
        (keras_like, torch_like, other.state(), one.state()),
    ):
        found = rules.converted(state, source, target, count=6, steps=steps)
        np.testing.assert_allclose(found["running_var"], wanted["running_var"], rtol=1e-12)
        np.testing.assert_array_equal(found["running_mean"], wanted["running_mean"])
    same = rules.converted(one.state(), torch_like, torch_like, count=6)
    np.testing.assert_array_equal(same["running_var"], one.state()["running_var"])


def test_conversion_without_steps_is_that_of_a_long_run():
    var = np.array([1.5, 0.3])
    np.testing.assert_allclose(rules.running_var(var, "biased", "unbiased", 4), var * 4 / 3)
    np.testing.assert_allclose(rules.running_var(var, "unbiased", "biased", 4), var * 3 / 4)


def test_another_eps_is_made_up_for_by_the_variance():
    """Keras's 1e-3 carried into a layer that has torch's 1e-5 and no way to set it."""
    x, var = draw(1, (4, 3, 2, 2), "float64"), np.array([0.02, 0.5, 3.0])
    outputs = []
    for eps, value in ((1e-3, var), (1e-5, rules.with_eps(var, 1e-3, 1e-5))):
        layer = NUMPY.make(Config(channels=3, eps=eps))
        layer.load({"running_var": value})
        outputs.append(layer.evaluate(x))
    np.testing.assert_allclose(outputs[0], outputs[1], rtol=1e-12)
