"""The timings of layers, run as a user runs them: what is selected, and what the JSON keeps."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import bnref
import bnref.norms

REPOSITORY = Path(__file__).parents[2]
LAYERS = 2 * len(bnref.norms.names())


def pytest_run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", *arguments]
    # Under pytest-xdist pytest-benchmark switches itself off; this run is not part of it.
    env = {name: value for name, value in os.environ.items() if "XDIST" not in name}
    return subprocess.run(
        command, cwd=REPOSITORY, env=env, capture_output=True, text=True, check=False
    )


def collected(*arguments: str) -> list[str]:
    found = pytest_run("--collect-only", *arguments)
    assert found.returncode == 0, found.stdout
    return [line for line in found.stdout.splitlines() if "::" in line]


def test_one_shape_by_default() -> None:
    ids = collected("benchmarks/test_speed.py", "benchmarks/test_throughput.py")
    expected = [
        f"benchmarks/test_speed.py::test_layer[{layer}-{by}-32x16x14x14-nhwc-f32-{timed}]"
        for timed in ("forward", "train")
        for layer in bnref.norms.names()
        for by in ("ours", "torch")
    ]
    assert ids == expected


def test_the_whole_grid_only_with_the_marker() -> None:
    ids = collected("benchmarks/test_speed.py", "benchmarks/test_throughput.py", "-m", "speed")
    grid = [name for name in ids if "::test_grid[" in name]
    # 5 maps in 2 layouts and one matrix, in 2 dtypes, 4 timings of 4 layers and their twins; every
    # layer at one shape in 2 layouts; batch norm compiled at 2 shapes, training and inference
    assert len(grid) == len(set(grid)) == (5 * 2 + 1) * 2 * 4 * 8 + 2 * 4 * LAYERS + 2 * 2 * 2
    assert (
        "benchmarks/test_speed.py::test_grid[group_norm-torch-8x512x28x28-nchw-bf16-train]" in grid
    )
    assert "benchmarks/test_speed.py::test_grid[batch_norm-ours-256x512-nc-f32-inference]" in grid
    others = {name.partition("[")[0].rpartition("/")[2] for name in set(ids) - set(grid)}
    assert others == {
        "test_speed.py::test_batch_norm_trains_within_its_bound",
        "test_throughput.py::test_a_cell_costs_a_fraction_of_a_plain_loop",
    }


def test_the_json_holds_the_environment_and_no_host(tmp_path: Path) -> None:
    path = tmp_path / "speed.json"
    name = "benchmarks/test_speed.py::test_layer[identity-ours-32x16x14x14-nhwc-f32-forward]"
    ran = pytest_run(name, "--benchmark-json", str(path))
    assert ran.returncode == 0, ran.stdout
    text = path.read_text()
    document = json.loads(text)
    environment = document["machine_info"]["environment"]
    assert environment["bnref"] == bnref.__version__
    assert environment["threads"] == 1
    assert {"torch", "device_model"} < set(environment)
    assert "node" not in document["machine_info"]
    assert f'"{platform.node()}"' not in text
    assert str(REPOSITORY) not in text
    (timing,) = document["benchmarks"]
    assert timing["extra_info"]["layer"] == "identity"
    assert timing["extra_info"]["device"] == "cpu"


def test_what_does_not_exist_is_skipped_with_a_reason() -> None:
    ran = pytest_run(
        "benchmarks/test_speed.py", "-m", "speed", "-k", "instance_norm-ours-256x512", "-rs"
    )
    assert "one value per instance has no variance" in ran.stdout
    assert "8 skipped" in ran.stdout
