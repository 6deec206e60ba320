"""What a cell's numbers depend on: the code digest follows the lab's imports and nothing else."""

import importlib
import platform
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from bnref.evidence import provenance as module
from bnref.evidence.cell import Cell
from bnref.evidence.provenance import (
    ProvenanceError,
    code_digest,
    data_digest,
    device_model,
    environment,
    gpus,
    provenance,
    version,
)

NUMBERS = count()


class Project:
    """A package with an experiment, a lab, a norm, and files that no experiment imports."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.name = f"made_up_{next(NUMBERS)}"
        self.write("__init__.py", "")
        self.write("experiment.py", f"import math\nfrom {self.name}.training import train\n")
        self.write(
            "training.py", "from .deeper import nets\nfrom . import plain\ndef train(): ...\n"
        )
        self.write("plain.py", "A = 1\n")
        self.write("deeper/__init__.py", "")
        self.write("deeper/nets.py", "from ..top import thing\n")
        self.write("top.py", "thing = 1\n")
        self.write("unrelated.py", "X = 1\n")
        self.write("claim.py", f"import {self.name}.experiment\n")
        self.write("norm.py", "def factory(channels): ...\n")

    def write(self, name: str, text: str) -> None:
        path = self.root / self.name / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        importlib.invalidate_caches()

    def digest(self, norm: str | None = None) -> str:
        code_digest.cache_clear()
        return code_digest(f"{self.name}.experiment", norm and f"{self.name}.{norm}")


@pytest.fixture
def project(tmp_path, monkeypatch) -> Iterator[Project]:
    monkeypatch.syspath_prepend(tmp_path)
    yield Project(tmp_path)
    code_digest.cache_clear()


@pytest.mark.parametrize(
    "name",
    ["experiment.py", "training.py", "plain.py", "deeper/__init__.py", "deeper/nets.py", "top.py"],
)
def test_a_change_of_what_is_imported_changes_the_digest(project, name):
    before = project.digest()
    text = (project.root / project.name / name).read_text()
    project.write(name, text + "# changed\n")
    assert project.digest() != before, f"{name} is run by the experiment: expected another digest"
    project.write(name, text)
    assert project.digest() == before, "the same files, the same digest"


@pytest.mark.parametrize("name", ["unrelated.py", "claim.py", "norm.py"])
def test_a_change_of_what_is_not_imported_changes_nothing(project, name):
    before = project.digest()
    project.write(name, "Y = 2\n")
    assert project.digest() == before, f"the experiment does not import {name}: the same digest"


def test_the_norm_is_part_of_the_digest(project):
    plain, before = project.digest(), project.digest("norm:factory")
    assert before != plain, "another normaliser, another digest"
    project.write("norm.py", "def factory(channels): return None\n")
    assert project.digest("norm:factory") != before, "the norm's file changed"
    changed = project.digest("norm:factory")
    project.write("unrelated.py", "Y = 2\n")
    assert project.digest("norm:factory") == changed


def test_what_lies_beside_a_lone_layer_is_followed_but_no_environment(tmp_path, monkeypatch):
    """A layer in the folder where `make bench` has put .venv: torch's thousand files are not its own."""
    folder = tmp_path / "checkout"
    packages = folder / ".venv" / "lib" / "python3.11" / "site-packages"
    (packages / "huge").mkdir(parents=True)
    (packages / "huge" / "__init__.py").write_text("")
    (folder / "lone_layer.py").write_text("import huge\nimport beside_it\n")
    (folder / "beside_it.py").write_text("")
    (folder / "try_it.py").write_text("")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.syspath_prepend(packages)
    importlib.invalidate_caches()

    def digest() -> str:
        code_digest.cache_clear()
        return code_digest("try_it", "lone_layer:make")

    before = digest()
    (packages / "huge" / "__init__.py").write_text("CHANGED = 1")
    assert digest() == before, "an installed package is not the layer's own source"
    (folder / "beside_it.py").write_text("CHANGED = 1")
    assert digest() != before, "a file beside the layer that it imports is"
    code_digest.cache_clear()


def test_this_project_s_own_digests():
    classify, landscape = (
        code_digest(f"bnref.lab.experiments.{name}", "batch_norm")
        for name in ("classify", "landscape")
    )
    group = code_digest("bnref.lab.experiments.classify", "group_norm")
    assert len({classify, landscape, group}) == 3, "experiments and norms differ"
    assert (
        code_digest("bnref.lab.experiments.classify", "bnref.norms.batch_norm:NORM") == classify
    ), "the file of a norm counts, not how it was named"


def test_a_layer_of_torch_is_told_by_torch_s_version_alone():
    """Its thousands of files are not read, some of which lie in packages that must be imported first."""
    name = "bnref.lab.experiments.classify"
    assert code_digest(name, "torch.nn:BatchNorm2d") == code_digest(name, None)


def test_what_lies_in_a_namespace_package_is_not_followed(project):
    project.write("experiment.py", f"import {project.name}.bare.inner.module\n")
    project.write("bare/inner/module.py", "")
    project.digest()


def test_no_package_is_imported_on_the_way():
    """The driver looks digests up for every cell and must not load torch for it."""
    code = (
        "import sys; from bnref.evidence.provenance import code_digest\n"
        "code_digest('bnref.lab.experiments.landscape', 'batch_norm')\n"
        "print([m for m in ('torch', 'torchvision', 'bnref.norms', 'bnref.lab') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]", "expected no import of torch or of the lab"


def test_the_digest_needs_no_torch(tmp_path):
    """Published records are compared with the code where torch is not installed."""
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from bnref.evidence.provenance import code_digest\n"
        "print(code_digest('bnref.lab.experiments.landscape', 'batch_norm'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    code_digest.cache_clear()
    assert done.stdout.strip() == code_digest("bnref.lab.experiments.landscape", "batch_norm")


def one_line(error: pytest.ExceptionInfo[ProvenanceError], *words: str) -> None:
    text = str(error.value)
    assert "\n" not in text, f"expected one line, found {text}"
    for word in words:
        assert word in text, f"expected {word!r} in {text!r}"


def test_a_syntax_error_is_named_with_file_and_line(project):
    project.write("training.py", "import math\n\ndef train(:\n    ...\n")
    with pytest.raises(ProvenanceError) as error:
        project.digest()
    one_line(error, "training.py line 3: invalid syntax")


@pytest.mark.parametrize("name", ["no_such_package.experiment", "bnref.lab.no_such", "math", ""])
def test_an_unknown_experiment_is_named(name):
    with pytest.raises(ProvenanceError) as error:
        code_digest(name, None)
    one_line(error, f"no Python source found for module {name!r}")


@pytest.mark.parametrize(
    ("norm", "asked"),
    [("no_norm", "bnref.norms.no_norm"), ("no_pack.age:make", "no_pack.age"), (":make", "")],
)
def test_an_unknown_norm_is_named(norm, asked):
    with pytest.raises(ProvenanceError) as error:
        code_digest("bnref.lab.experiments.classify", norm)
    one_line(error, f"no Python source found for module {asked!r}")


def test_data_sets_have_a_pinned_digest_or_are_named():
    assert len(data_digest("fashion_mnist_10k")) == 64, "expected a SHA-256"
    with pytest.raises(ProvenanceError) as error:
        data_digest("no_data")
    one_line(error, "unknown data set 'no_data': one of ", "fashion_mnist_10k")


def test_devices_are_known_or_named(monkeypatch):
    device_model.cache_clear()
    assert device_model("cpu"), "expected a name of the CPU"
    with pytest.raises(ProvenanceError, match=r"^unknown device 'tpu': cpu or cuda$"):
        device_model("tpu")

    def missing(*_args, **_more):
        raise FileNotFoundError("nvidia-smi")

    monkeypatch.setattr(subprocess, "run", missing)
    with pytest.raises(
        ProvenanceError, match=r"^device cuda: nvidia-smi finds no GPU on this machine$"
    ):
        device_model("cuda")


FOUR_GPUS = """\
0, GPU-a, Some GPU
1, GPU-b, Another GPU, 40 GB
2, GPU-c, Some GPU
3, GPU-d, Another GPU, 40 GB
"""


@pytest.mark.parametrize(
    ("visible", "model", "chosen"),
    [
        (None, "Some GPU", ("GPU-a", "GPU-c")),
        ("2", "Some GPU", ("GPU-c",)),
        ("1,0,3", "Another GPU, 40 GB", ("GPU-b", "GPU-d")),
        ("GPU-d,GPU-a", "Another GPU, 40 GB", ("GPU-d",)),
    ],
)
def test_gpus_are_the_first_that_may_be_used_and_its_like(monkeypatch, visible, model, chosen):
    """Records of different models are never paired, so a run stays on one model."""
    fake_gpus(monkeypatch, visible)
    assert device_model("cuda") == model
    assert gpus() == chosen
    device_model.cache_clear()
    gpus.cache_clear()


def test_a_gpu_whose_kernels_may_vary_is_another_device(monkeypatch):
    fake_gpus(monkeypatch, None)
    monkeypatch.setenv("BNREF_NONDETERMINISTIC", "1")
    assert device_model("cuda") == "Some GPU, nondeterministic"
    device_model.cache_clear()
    gpus.cache_clear()


def test_a_cell_on_a_gpu_depends_on_the_choice_of_kernels(monkeypatch):
    fake_gpus(monkeypatch, None)
    cells = [
        Cell(
            experiment="bnref.lab.experiments.optima", arm={}, seed=1, scale="smoke", device=device
        )
        for device in ("cpu", "cuda")
    ]
    on_cpu, on_gpu = (provenance(cell).code for cell in cells)
    assert on_cpu == code_digest("bnref.lab.experiments.optima", None)
    assert on_gpu == code_digest("bnref.lab.experiments.optima", None, module.KERNELS) != on_cpu
    device_model.cache_clear()
    gpus.cache_clear()


@pytest.mark.parametrize("visible", ["", "7", "-1"])
def test_no_gpu_that_may_be_used_is_one_line(monkeypatch, visible):
    fake_gpus(monkeypatch, visible)
    for ask in (gpus, lambda: device_model("cuda")):
        with pytest.raises(ProvenanceError) as error:
            ask()
        one_line(error, "device cuda: no GPU to use among ", f"CUDA_VISIBLE_DEVICES={visible!r}")


def fake_gpus(monkeypatch, visible: str | None) -> None:
    """nvidia-smi as on a machine with four GPUs of two models."""
    device_model.cache_clear()
    gpus.cache_clear()

    def answers(*_args, **_more):
        return subprocess.CompletedProcess([], 0, stdout=FOUR_GPUS)

    monkeypatch.setattr(subprocess, "run", answers)
    if visible is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)


def test_the_provenance_of_a_cell():
    def of(**arm) -> module.Provenance:
        experiment = "bnref.lab.experiments.classify"
        return provenance(
            Cell(experiment=experiment, arm=arm, seed=100, scale="small", device="cpu")
        )

    found = of(norm="batch_norm", data="fashion_mnist_10k")
    assert found.code == code_digest("bnref.lab.experiments.classify", "batch_norm")
    assert found.data == data_digest("fashion_mnist_10k")
    assert found.torch == version("torch")
    assert found.device_model == device_model("cpu")
    assert of().data == "none", "a cell without data says so"
    assert of().code != found.code


def test_the_environment_names_no_path():
    found = environment("cpu", threads=1)
    assert found.python == platform.python_version()
    text = repr(found)
    for private in (str(Path.home()), sys.prefix):
        assert private not in text, f"the environment must not hold {private}"
    assert version("no-such-package") == "none"
