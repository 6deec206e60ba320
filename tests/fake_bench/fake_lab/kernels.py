"""An experiment that measures by which kernels it is computed, and asks for one that not all allow."""

import os
import warnings

import torch

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured


def run(cell: Cell) -> Measured:
    """The settings of this process. `does` "puts" asks for a kernel that may differ from run to run."""
    warnings.warn("the fan is loud", stacklevel=2)
    arm = cell.arm
    if arm["does"] == "puts" and arm["at"] == f"{arm['level']}-s{cell.seed}":
        torch.zeros(3).put_(torch.tensor([0, 0]), torch.ones(2))
    return Measured(
        metrics={
            "value": float(arm["gap"]) * (arm["level"] == "high") + 0.01 * cell.seed,
            "deterministic": torch.are_deterministic_algorithms_enabled(),
            "workspace": os.environ.get("CUBLAS_WORKSPACE_CONFIG") == ":4096:8",
            "benchmark": torch.backends.cudnn.benchmark,
            "tf32": torch.backends.cuda.matmul.allow_tf32 or torch.backends.cudnn.allow_tf32,
            "replay": os.environ["BNREF_REPLAY"] == "1",
        }
    )
