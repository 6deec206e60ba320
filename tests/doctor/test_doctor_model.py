"""The model is left as it was; what cannot be run is one line."""

import json
import sys

import pytest
import torch
from torch import nn

from bnref import cli, doctor
from bnref.doctor.model import batch
from tests.doctor.models import HandMade, Net, trained

GOOD = "import torch\nfrom torch import nn\nfrom beside import layer\n"


def state(model: nn.Module):
    tensors = [*model.parameters(), *model.buffers()]
    objects = [id(tensor) for tensor in tensors]
    return objects, [t.detach().clone() for t in tensors], [m.training for m in model.modules()]


@pytest.mark.parametrize("norm", [None, HandMade(in_place=False), HandMade(saved=False)])
def test_the_model_is_left_as_it_was(norm):
    model = Net(norm)
    model.seen = 0
    model.register_forward_pre_hook(lambda m, _: setattr(m, "seen", m.seen + 1))
    model.head.weight.grad = torch.ones_like(model.head.weight)
    model.conv.requires_grad_(False)
    model.bn.eval()
    grad = model.head.weight.grad
    before, random = state(model), torch.get_rng_state()
    running = model.bn.running_mean, model.bn.running_mean.clone()
    doctor.examine(model, (batch("16x3x10x10"),))
    after = state(model)
    assert before[0] == after[0]
    assert all(torch.equal(a, b) for a, b in zip(before[1], after[1], strict=True))
    assert before[2] == after[2]
    assert model.seen == 0
    assert model.head.weight.grad is grad
    assert torch.equal(grad, torch.ones_like(grad))
    assert model.conv.weight.grad is None
    assert model.bn.running_mean is running[0]
    assert torch.equal(*running)
    assert not model.bn._forward_pre_hooks
    assert torch.equal(random, torch.get_rng_state())


def test_it_is_left_as_it_was_when_it_raises():
    model = trained(Net())
    before = state(model)
    with pytest.raises(doctor.Trouble, match="raised in training mode"):
        doctor.examine(model, (batch("4x5x10x10"),))
    after = state(model)
    assert all(torch.equal(a, b) for a, b in zip(before[1], after[1], strict=True))


def test_twice_the_same():
    model = trained(Net(nn.BatchNorm2d(6, momentum=0.9)))
    first, second = (doctor.examine(model, (batch("16x3x10x10"),)).text() for _ in range(2))
    assert first == second


def test_what_differs_from_run_to_run_is_said():
    batches = iter(torch.randn(20, 16, 3, 10, 10))
    report = doctor.examine(Net(), lambda model: model(next(batches)).mean())
    assert report.findings == ()
    assert "run to run" in report.not_looked_at[0]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (nn.LazyBatchNorm1d(), "lazy"),
        (nn.BatchNorm1d(3, device="meta"), "on meta"),
        (torch.nn.Embedding(2, 2), "raised"),
    ],
)
def test_trouble(model, message):
    with pytest.raises(doctor.Trouble, match=message):
        doctor.examine(model, (batch("4x3"),))


@pytest.fixture
def command(tmp_path, capsys, monkeypatch):
    """Writes model.py and runs the command on it, in this process: code, stdout, stderr."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "beside.py").write_text("from torch import nn\nlayer = nn.BatchNorm1d\n")

    def run(text: str, *options: str, name: str = "model.py:build"):
        (tmp_path / "model.py").write_text(GOOD + text)
        code = cli.main(["doctor", str(tmp_path / name), *options])
        out, err = capsys.readouterr()
        return code, out, err

    yield run
    sys.modules.pop("beside", None)


BUILD = "def build():\n    return nn.Sequential(nn.Linear(8, 4), layer(4, momentum={}))\n"


def test_nothing_wrong(command):
    code, out, _ = command("print('noise')\n" + BUILD.format(0.1), "--input", "64x8")
    assert code == 0
    assert "noise" not in out
    assert out.startswith("NOTE  last_batch_of_one  1\n")
    assert out.endswith("with 1 batch norm on 64x8 float32: 0 wrong, 0 risky, 1 to note\n")


def test_something_wrong(command):
    code, out, _ = command(BUILD.format(0.99), "--input", "64x8", "--json")
    assert code == 1
    answer = json.loads(out)
    assert answer["code"] == 1
    assert answer["layers"] == 1
    first = answer["findings"][0]
    assert (first["severity"], first["diagnosis"], first["module"]) == (
        "wrong",
        "momentum_convention",
        "1",
    )
    assert "99.0%" in first["seen"]
    assert first["do"].startswith("Write momentum=0.01")


def test_other_types_and_several_inputs(command):
    both = "class Both(nn.Module):\n    def forward(self, x, y):\n        return x @ y\n"
    assert command(both + "build = Both\n", "--input", "4x8", "--input", "8x2")[0] == 0
    embedding = (
        "def build():\n    return nn.Sequential(nn.Embedding(2, 3), nn.Flatten(), layer(15))\n"
    )
    assert command(embedding, "--input", "64x5", "--dtype", "int64")[0] == 0
    double = "def build():\n    return nn.Linear(3, 3).double()\n"
    assert command(double, "--input", "64x3", "--dtype", "float64")[0] == 0


def test_a_build_with_its_own_batch(command):
    text = "def build():\n    return layer(3), torch.randn(64, 3)\n"
    code, out, _ = command(text)
    assert code == 0
    assert "its own batch 64x3" in out


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("def build():\n    1 / 0\n", ["--input", "4x8"], "ZeroDivisionError"),
        ("1 / 0\n", ["--input", "4x8"], "ZeroDivisionError"),
        ("import sys\nsys.exit(3)\n", ["--input", "4x8"], "SystemExit"),
        ("", ["--input", "4x8"], "has no attribute 'build'"),
        ("def build():\n    return 3\n", ["--input", "4x8"], "returned int"),
        (BUILD.format(0.1), ["--input", "4x9"], "raised in training mode: RuntimeError"),
        (BUILD.format(0.1), ["--input", "4xx"], "expected sizes such as"),
        (BUILD.format(0.1), ["--input", "4x8", "--dtype", "float8"], "expected one of float32"),
        (BUILD.format(0.1), [], "say --input"),
        ("def build():\n    return layer(3), 3\n", [], "a model and int"),
        ("def build():\n    return layer(3), lambda m: None\n", [], "must return the loss"),
    ],
)
def test_what_cannot_be_run_is_one_line(command, text, options, message):
    code, out, err = command(text, *options)
    assert code == 2
    assert out == ""
    assert err.startswith("bnref: ")
    assert len(err.splitlines()) == 1
    assert message in err


def test_no_file_and_no_name(command):
    assert "no such file" in command("", "--input", "4x8", name="other.py:build")[2]
    assert "expected model.py:build" in command("", "--input", "4x8", name="model.py")[2]
