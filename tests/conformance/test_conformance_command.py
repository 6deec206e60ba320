"""`bnref conform`, and the kit as a test suite, as a user runs them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PLAIN = "bnref.conformance.adapters.numpy_plain:ADAPTER"
NO_TORCH = """
import sys
sys.modules["torch"] = None
from bnref.conformance import run
from bnref.conformance.adapters.numpy_plain import ADAPTER
sys.exit(run(ADAPTER).code)
"""
BACKWARD = "training_gradients_are_those_of_the_formula"
EVALUATION = "evaluation_normalises_by_the_running_statistics"
VARIANCE = "running_variance_is_of_the_declared_kind"


def ran(*arguments, timeout=60, cwd=HERE):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def conform(*arguments, **more):
    return ran("-m", "bnref", "conform", *arguments, **more)


def test_an_implementation_that_conforms():
    done = conform(PLAIN)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "plain NumPy" in done.stdout.splitlines()[-1]


def test_json():
    document = json.loads(conform(PLAIN, "--json", "--check", VARIANCE, "--seed", "5").stdout)
    assert document["seed"] == 5
    assert len(document["kit"]) == 64
    assert [result["check"] for result in document["results"]] == [VARIANCE]


def test_a_deviation_and_the_file_that_expects_it(tmp_path):
    done = conform("faulty:BIASED", "--check", VARIANCE)
    assert done.returncode == 1
    for word in ("expected", "found", "looks like", "C02", "https://github.com", "faulty:BIASED"):
        assert word in done.stdout
    known = tmp_path / "known.toml"
    known.write_text(f'[deviates]\n{VARIANCE} = "known since 2019"\n')
    done = conform("faulty:BIASED", "--check", VARIANCE, "--expect", str(known))
    assert done.returncode == 0, done.stdout
    done = conform(PLAIN, "--check", VARIANCE, "--expect", str(known))
    assert done.returncode == 1, "expected an unexpected pass to be told"


@pytest.mark.parametrize(
    "text", ["nonsense", "[deviates]\nno_such = 'x'", "[deviates]\nx = 1", "[a]"]
)
def test_a_file_of_expectations_that_cannot_be_used(tmp_path, text):
    known = tmp_path / "known.toml"
    known.write_text(text)
    done = conform(PLAIN, "--check", VARIANCE, "--expect", str(known))
    assert done.returncode == 2
    assert done.stderr.startswith("bnref: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["no_such:ADAPTER", "faulty:NOTHING", "nothing"])
def test_what_cannot_be_run(name):
    done = conform(name)
    assert done.returncode == 2
    assert done.stderr.startswith("bnref: ")
    assert "Traceback" not in done.stderr


def test_a_crash_ends_one_check_only():
    done = conform("faulty:CRASHES", "--check", BACKWARD, "--check", EVALUATION)
    assert done.returncode == 1
    assert "crashed: SIGABRT" in done.stdout
    assert f"conforms               {EVALUATION}" in done.stdout


def test_a_hang_that_swallows_every_exception_is_killed():
    code = (
        "from bnref.conformance import isolated; import sys; isolated.GRACE = 0.5;"
        f"r = isolated.run('faulty:DEAF', names=['{BACKWARD}', '{EVALUATION}'], seconds=0.5);"
        "print(r.text())"
    )
    done = ran("-c", code)
    assert "hung: killed after 1 s" in done.stdout, done.stdout + done.stderr
    assert f"conforms               {EVALUATION}" in done.stdout


def test_a_numpy_adapter_needs_no_torch():
    done = ran("-c", NO_TORCH)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_kit_as_a_test_suite():
    options = ("-p", "no:cacheprovider", "-p", "bnref.plugin", "-q", "-rA", "--pyargs")
    names = f"{VARIANCE} or {EVALUATION}"
    suite = ("-m", "pytest", *options, "bnref.conformance", "-k", names)
    done = ran(*suite, "--bn-impl", "faulty:BIASED")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed, 1 passed" in done.stdout
    assert "looks like  C02" in done.stdout
    assert ran(*suite, "--bn-impl", "no_such:ADAPTER").returncode == 2
