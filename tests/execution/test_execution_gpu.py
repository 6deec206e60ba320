"""Options for a GPU reach the workers, on a machine whose GPU is a script that names one."""

import pytest

from bnref.evidence.store import parse

SMI = "#!/bin/sh\necho '0, GPU-a, Some GPU'\n"
SETTINGS = ("deterministic", "workspace", "benchmark", "tf32", "replay")


@pytest.mark.slow
def test_cells_on_a_gpu_have_kernels_of_one_result_unless_they_may_vary(bench, monkeypatch):
    bench.write("nvidia-smi", SMI)
    (bench.root / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", str(bench.root), prepend=":")
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    bench.claim("G-1", seeds=2, experiment="kernels", does="puts", at="high-s101")
    options = ("--bn-device", "cuda", "--bn-per-device", "2")

    ran = bench.run(*options, "--bn-replay")
    assert ran.lines("G-1-high-s101", "failed: RuntimeError: put_ does not have a deterministic")
    assert len(ran.lines("measured in", "(the fan is loud)")) == 3, ran.text
    assert measured(bench) == {("Some GPU", 1, 1, 0, 0, 1): 3}

    ran = bench.run(*options, "--bn-nondeterministic")
    assert not ran.lines("failed:"), ran.text
    assert measured(bench) == {
        ("Some GPU", 1, 1, 0, 0, 1): 3,
        ("Some GPU, nondeterministic", 0, 0, 1, 0, 0): 4,
    }


def measured(bench):
    """How many records there are of each device and setting."""
    found = {}
    for path in bench.records():
        record = parse(path.read_bytes())
        setting = (record.environment.device_model, *(record.metrics[name] for name in SETTINGS))
        found[setting] = found.get(setting, 0) + 1
    return found
