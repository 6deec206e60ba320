"""Option values, claim files and layers that cannot be used: one clear line, and nothing is run."""

import shutil
from importlib.util import find_spec

import pytest

WRONG = {
    ("--bn-scale", "huge"): "--bn-scale huge: one of smoke, small, gpu, paper",
    ("--bn-device", "tpu"): "--bn-device tpu: cpu or cuda",
    ("--bn-seeds", "a-b"): "--bn-seeds a-b: expected 0-4 or 0,1,2",
    ("--bn-workers", "0"): "--bn-workers 0: a whole number from 1",
    ("--bn-per-device", "2"): (
        "--bn-per-device 2: workers share a GPU (--bn-device cuda); on the cpu say --bn-workers 2"
    ),
    ("--bn-replay",): "--bn-replay: for cells on a GPU (--bn-device cuda)",
    ("--bn-per-device", "half"): "--bn-per-device half: a whole number from 1",
    ("--bn-claim", "X-1,NOPE"): "--bn-claim NOPE: no such claim; X-1",
    ("--bn-store", "README.md/s"): "--bn-store README.md/s: {root}/README.md is not a folder",
    ("--bn-store", "/proc/nowhere"): "store /proc/nowhere: No such file or directory",
}
if find_spec("torch"):
    WRONG["--bn-norm", "fake_lab.norms:Narrow"] = (
        "--bn-norm fake_lab.norms:Narrow: returned shape (4, 7, 5, 5) "
        "for a batch of shape (4, 8, 5, 5)"
    )
if shutil.which("nvidia-smi") is None:
    WRONG["--bn-device", "cuda"] = "device cuda: nvidia-smi finds no GPU on this machine"


def one_line(ran, expected):
    """The run ended with this error and nothing else."""
    assert ran.code == 4, ran.text
    assert ran.lines("ERROR") == [f"ERROR: {expected}"]
    for word in ("Traceback", "INTERNALERROR", "Error:  ", 'File "'):
        assert word not in ran.text


@pytest.mark.slow
def test_wrong_option_values_and_claim_files(bench, another_bench, a_third_bench):
    for project in (bench, another_bench, a_third_bench):
        project.claim("X-1")
    another_bench.write("reproductions/somebody_2020/y_1.py", "def effect(:\n    pass\n")
    a_third_bench.write("reproductions/somebody_2020/y_1.py", "X = 1\nCLAIM = Clam()\n")
    where = "reproductions/somebody_2020/y_1.py"
    runs = [(bench.start(*arguments), expected) for arguments, expected in WRONG.items()]
    runs += [
        (another_bench.start(), f"{where} line 1: SyntaxError: invalid syntax (y_1.py, line 1)"),
        (a_third_bench.start(), f"{where} line 2: NameError: name 'Clam' is not defined"),
    ]
    for running, expected in runs:
        one_line(running.wait(), expected.format(root=bench.root))
    assert not bench.workers()
    assert not (bench.root / ".bnref").exists()


@pytest.mark.skipif(find_spec("torch") is None, reason="a layer needs torch")
@pytest.mark.parametrize(
    ("norm", "reason"),
    [
        ("nowhere.at_all:Norm", "No module named 'nowhere'"),
        ("json:Norm", "module 'json' has no attribute 'Norm'"),
        ("json:__name__", "__name__ is a str, not callable"),
    ],
)
def test_a_layer_that_is_not_there(norm, reason):
    problem = pytest.importorskip("bnref.lab.try_norm").problem(norm, "cpu")
    assert reason in problem
    assert "\n" not in problem


@pytest.mark.skipif(find_spec("torch") is None, reason="a layer needs torch")
@pytest.mark.parametrize(
    ("norm", "advised"),
    [
        ("torch.nn:BatchNorm2d", True),
        ("bnref.norms.batch_norm:BatchNorm", False),
        ("json:Norm", False),
    ],
)
def test_a_cell_that_failed_on_vectors_says_so_and_what_to_do(norm, advised):
    advice = pytest.importorskip("bnref.lab.try_norm").advice(norm)
    assert (f"{norm} takes (N, C, H, W) and not (N, C)" in advice) == advised
    assert advised == ("--bn-claim" in advice)
