"""The command in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = str(Path(__file__).parents[2])


def test_the_command(tmp_path):
    text = "from torch import nn\ndef build():\n    return nn.BatchNorm1d(4, momentum=0.9)\n"
    (tmp_path / "model.py").write_text(text)
    command = [sys.executable, "-m", "bnref", "doctor", "model.py:build", "--input", "32x4"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": ROOT},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("WRONG  momentum_convention  (the model)\n")
    assert done.stderr == ""
