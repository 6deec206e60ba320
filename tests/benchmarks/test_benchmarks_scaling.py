"""The made-up project of the report's timing, with few records: its claims must go on to load."""

import os
from pathlib import Path

import pytest


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="the benchmark asks for it")
def test_the_report_of_the_made_up_project_is_written(benchmark_file, tmp_path: Path) -> None:
    scaling = benchmark_file("test_scaling")
    assert scaling.published_project(tmp_path, claims=1, seeds=1) == 20
    scaling.reported(tmp_path, claims=1)
    figures = {path.name for path in (tmp_path / "reports" / "figures").iterdir()}
    assert figures == {"MANY-0-1.svg", "MANY-0-2.svg", "MANY-0-3.svg", "summary.svg"}
    assert "MANY-0" in (tmp_path / "README.md").read_text()
