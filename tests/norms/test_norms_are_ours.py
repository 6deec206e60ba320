"""No layer may call the normalisation it is there to check."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from bnref import norms

FORBIDDEN = ("batch_norm", "group_norm", "layer_norm", "instance_norm")
FORBIDDEN_CLASSES = ("BatchNorm", "GroupNorm", "LayerNorm", "InstanceNorm", "SyncBatchNorm")
FOLDER = Path(norms.__file__).parent
FILES = sorted(FOLDER.rglob("*.py"))


def borrowed(source: str) -> list[str]:
    """The names in this source that reach for a normalisation of torch."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(attr=name) if name.startswith(FORBIDDEN_CLASSES):
                found.append(name)  # nn.BatchNorm2d, but not our own class by its bare name
            case ast.Attribute(attr=name) | ast.Name(id=name):
                found += [name] if any(word in name for word in FORBIDDEN) else []
            case ast.ImportFrom(module=str(module), names=names) if module.startswith("torch"):
                words = FORBIDDEN + FORBIDDEN_CLASSES
                found += [a.name for a in names if any(word in a.name for word in words)]
            case ast.Constant(value=str(text)) if text.isidentifier():  # getattr(torch, "...")
                found += [text] if text.startswith(("native_", "_native")) else []
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_nothing_is_borrowed(path: Path) -> None:
    found = borrowed(path.read_text())
    assert not found, f"{path.name}: expected no normalisation of torch, found {found}"


@pytest.mark.parametrize(
    "source",
    [
        "F.batch_norm(x, None, None)",
        "torch.nn.functional.group_norm(x, 2)",
        "torch.native_batch_norm(x, w, b, None, None, True, 0.1, 1e-5)",
        "torch.ops.aten.native_group_norm.default(x)",
        "torch.batch_norm_stats(x, 1e-5)",
        "from torch.nn.functional import layer_norm",
        "from torch.nn import BatchNorm2d as Base",
        "class Mine(nn.InstanceNorm2d): ...",
        "instance_norm(x)",
        "getattr(torch, 'native_layer_norm')(x)",
    ],
)
def test_the_check_bites(source: str) -> None:
    assert borrowed(source), f"expected a finding, found none in {source!r}"
