"""The folder is the registry."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from bnref import norms

PACKAGE = Path(norms.__file__)


def test_every_public_file_is_a_normaliser() -> None:
    found = norms.names()
    expected = (
        *("batch_norm", "batch_renorm", "debiased_batch_norm", "frozen_batch_norm"),
        *("ghost_batch_norm", "group_norm", "identity", "instance_norm", "layer_norm"),
        *("lp_batch_norm", "noisy_batch_norm", "rms_norm", "stop_gradient_batch_norm"),
        "sync_batch_norm",
    )
    assert found == expected, f"{expected=}, {found=}"


@pytest.mark.parametrize("name", norms.names())
def test_a_normaliser_says_who_it_is_and_builds_layers(name: str) -> None:
    norm = norms.get(name)
    assert norm.name == name, f"expected {name}, found {norm.name}"
    assert norm.pools_over, f"expected what {name} pools over, found nothing"
    assert norm.source, f"expected a source of {name}, found nothing"
    assert norm.conventions, f"expected the conventions of {name}, found nothing"
    layer = norm.build(4)
    assert layer.training, "expected a layer in training mode"
    shape = layer(torch.randn(2, 4, 3, 3)).shape
    assert shape == (2, 4, 3, 3), f"expected (2, 4, 3, 3), found {shape}"


def test_a_factory_from_anywhere() -> None:
    norm = norms.get("torch.nn:BatchNorm2d")
    assert isinstance(norm.build(3), nn.BatchNorm2d), f"expected BatchNorm2d, found {norm.build(3)}"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("batchnorm", "no normaliser 'batchnorm': there are batch_norm,"),
        ("_norm", "there are batch_norm"),
        ("", "there are batch_norm"),
        ("no.such.module:Layer", "No module named 'no'"),
        ("torch.nn:NoSuchLayer", "no attribute 'NoSuchLayer'"),
        ("torch:pi", "pi is a float, not callable"),
        (":Layer", "no normaliser ':Layer'"),
    ],
)
def test_a_name_that_is_not_there_is_one_clear_line(name: str, reason: str) -> None:
    with pytest.raises(ValueError, match="no normaliser") as caught:
        norms.get(name)
    found = str(caught.value)
    assert reason in found, f"expected {reason!r}, found {found!r}"
    assert "\n" not in found, f"expected one line, found {found!r}"
    assert "batch_norm" in found, f"expected the names that exist, found {found!r}"


BROKEN = {
    "def build(:": "line 1: SyntaxError: invalid syntax",
    "x = 1\nbuild = nothing": "line 2: NameError: name 'nothing' is not defined",
    "import no_such_package": "line 1: ModuleNotFoundError: No module named 'no_such_package'",
    "raise RuntimeError('two\\nlines')": "line 1: RuntimeError: two lines",
    "1 / 0": "line 1: ZeroDivisionError: division by zero",
    "import sys\nsys.exit('a script')": "line 2: SystemExit: a script",
    "def __getattr__(name):\n    raise KeyError(name)": "line 2: KeyError: 'build'",
}


@pytest.mark.parametrize("source", BROKEN)
def test_a_broken_file_is_one_line_with_its_place(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "broken_norm_of_a_user.py"
    file.write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ValueError, match="no normaliser 'broken_norm_of_a_user:build': ") as caught:
        norms.get("broken_norm_of_a_user:build")
    sys.modules.pop("broken_norm_of_a_user", None)
    found = str(caught.value)
    assert BROKEN[source] in found, f"expected {BROKEN[source]!r}, found {found!r}"
    assert str(file) in found, f"expected {file}, found {found!r}"
    assert "\n" not in found, f"expected one line, found {found!r}"


def test_a_new_file_is_found_without_touching_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in ("mine.py", "_private.py", "notes.txt"):
        (tmp_path / file).write_text("")
    monkeypatch.setattr(norms, "__file__", str(tmp_path / "__init__.py"))
    assert norms.names() == ("mine",), f"expected ('mine',), found {norms.names()}"


def test_the_package_imports_no_layer_until_it_is_asked_for() -> None:
    tree = ast.parse(PACKAGE.read_text())
    found = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module}
    layers = {f"bnref.norms.{name}" for name in norms.names()}
    assert not found & layers, f"expected no layer, found {found & layers}"
