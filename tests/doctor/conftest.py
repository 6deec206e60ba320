"""What the doctor finds, by diagnosis and module."""

from collections.abc import Callable

import pytest
from torch import nn

from bnref import doctor
from bnref.doctor.model import batch

Diagnose = Callable[..., dict[tuple[str, str], str]]


@pytest.fixture
def found() -> Diagnose:
    """{(diagnosis, module): severity} of a model on a random batch, or on its own batch or step."""

    def diagnose(model: nn.Module, given="16x3x10x10", own=False):
        given = (batch(given),) if isinstance(given, str) else given
        report = doctor.examine(model, given, own=own)
        assert all(one.seen and one.why and one.do for one in report.findings)
        assert all(one.link.startswith("https://") for one in report.findings)
        return {(one.diagnosis, one.module): one.severity for one in report.findings}

    return diagnose
