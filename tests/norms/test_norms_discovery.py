"""The folder is the registry."""

from __future__ import annotations

import ast
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
