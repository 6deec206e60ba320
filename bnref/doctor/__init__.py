"""The doctor: one dry training step of a user's model on the CPU, and what is wrong or risky.

`examine(model, (batch,))` is a call away in Python, `bnref doctor model.py:build` on the command line.
Imports: `model` loads and drives, `step` observes, the other files diagnose what was observed.
"""

from bnref.doctor.finding import Finding
from bnref.doctor.model import Trouble, examine, run
from bnref.doctor.observation import Observation
from bnref.doctor.report import Report

__all__ = ["Finding", "Observation", "Report", "Trouble", "examine", "run"]
