"""--bn-sequential: seeds in numerical order until each claim is decided, and never published."""

import signal
import time

import pytest

CELLS = "benchmarks/test_cells.py::test_cell"
COIN = '2.0 * (round(100 * rows.one(level="low")["value"]) % 2)'
"""An effect of 0 or 2 by the parity of seed % 7: about as many of one as of the other."""


def coin(bench, name, **fixed):
    """A claim that no number of seeds decides."""
    bench.claim(name, **fixed)
    path = bench.root / f"reproductions/somebody_2020/{name.lower().replace('-', '_')}.py"
    usual = 'rows.one(level="high")["value"] - rows.one(level="low")["value"]'
    assert usual in path.read_text()
    path.write_text(path.read_text().replace(usual, COIN))


def by_seed(bench, name):
    """The seeds that were run for a claim."""
    return sorted({int(run.rpartition("-s")[2]) for run in bench.count("end") if name in run})


def test_seeds_are_measured_until_each_claim_is_decided(bench):
    bench.claim("S-1", seeds=12)
    bench.claim("S-2", of="S-1", gap=2.0, seeds=8)
    bench.claim("S-3", gap=-3.0, expected="refuted")
    coin(bench, "S-4")
    bench.claim("C-1", kind="control", seeds=9, gap=5.0)

    listed = bench.run("--bn-sequential", "--collect-only")
    assert listed.lines("bnref: 60 cells to measure for 258 tests, 60 shared, ")
    assert listed.lines("bnref: sequential: further seeds follow until each claim is decided")

    ran = bench.run("--bn-sequential", "-rs")
    assert ran.code == 0, ran.text
    assert set(bench.count("end").values()) == {1}
    assert by_seed(bench, "S-1") == list(range(100, 107)), "S-1 and S-2 share their cells"
    assert by_seed(bench, "S-3") == list(range(100, 107))
    assert by_seed(bench, "S-4") == list(range(100, 119)), "to the next verdict that could come"
    assert by_seed(bench, "C-1") == list(range(100, 109)), "a control keeps its number of seeds"
    findings = bench.findings()
    found = {name: (one["status"], one["n_seeds"]) for name, one in findings.items()}
    assert found == {
        "S-1": ("supported", 7),
        "S-2": ("supported", 7),
        "S-3": ("refuted", 7),
        "S-4": ("inconclusive", 18),
        "C-1": ("supported", 9),
    }
    trajectory = findings["S-4"]["trajectory"]
    assert (trajectory["cap"], trajectory["threshold"], trajectory["further"]) == (30, 40.0, 0)
    assert len(trajectory["e_supported"]) == len(trajectory["e_refuted"]) == 18
    assert findings["S-1"]["registered"], "declared beforehand: it enters Holm's family"
    assert findings["S-1"]["p_holm"] == pytest.approx(4 * findings["S-1"]["p_supported"], 1e-5)
    assert len(findings["S-1"]["cells"]) == 14
    assert findings["C-1"]["trajectory"] is None
    assert ran.lines("-> S-1: supported, 2 [2, 2] points, n=7 (sequential)")
    assert ran.lines("(not published: not a whole run)")
    assert not (bench.root / "reports").exists()
    assert ran.lines("not needed: S-1 is judged on 7 seeds")
    assert ran.lines("not needed: S-4 is judged on 18 seeds")

    (bench.root / "runs.log").unlink()
    again = bench.run("--bn-sequential")
    assert again.code == 0, again.text
    assert not bench.workers(), "nothing is left to measure"
    assert bench.findings() == findings


@pytest.mark.slow
def test_what_the_store_has_counts_in_order_and_a_stopped_run_goes_on(bench, another_bench):
    for project in (bench, another_bench):
        coin(project, "S-1", seeds=4, seconds=0.2)
    bench.run("--bn-seeds", "104-118", "--bn-workers", "2")
    assert len(bench.records()) == 30
    running = bench.start("--bn-sequential", "--bn-workers", "1")
    end = time.monotonic() + 30
    while not bench.count("end")["S-1-low-s101"]:
        assert time.monotonic() < end
        time.sleep(0.02)
    time.sleep(0.05)  # into the next run: Ctrl-C is ignored for the moment of a submission
    running.signal_all(signal.SIGINT)
    stopped = running.wait(10)
    assert stopped.code == 2, stopped.text
    assert bench.statuses() == {"S-1": "incomplete"}
    assert stopped.lines("S-1 ", "incomplete", " of 14 cells missing")

    assert bench.run("--bn-sequential").code == 0
    assert another_bench.run("--bn-sequential").code == 0
    assert by_seed(bench, "S-1") == list(range(100, 119))
    assert set(bench.count("end").values()) == {1}
    assert bench.findings() == another_bench.findings(), (
        "later seeds that were there change nothing"
    )


def test_a_seed_that_fails_ends_its_claim(bench):
    bench.claim("S-1", does="raises", at="low-s103")
    coin(bench, "S-2")
    ran = bench.run("--bn-sequential")
    assert ran.code == 1, ran.text
    assert bench.statuses() == {"S-1": "incomplete", "S-2": "inconclusive"}
    assert by_seed(bench, "S-1") == list(range(100, 107))
    assert bench.count("start")["S-1-low-s103"] == 1, "not tried again in the same run"
    assert len(ran.lines("-> S-1: incomplete, 1 failed: low seed 103")) == 1


def test_only_registered_claims_are_judged_so(bench):
    bench.claim("S-1")
    for more in (("--bn-seeds", "0-3"), ("--bn-scale", "smoke"), ("--bn-norm", "a:b")):
        ran = bench.run("--bn-sequential", *more)
        assert ran.code == 4, ran.text
        assert ran.lines("ERROR: --bn-sequential judges the registered claims on their own seeds: ")
    part = bench.run("--bn-sequential", "--deselect", f"{CELLS}[S-1-low-s103]")
    assert part.code == 0, part.text
    assert bench.findings()["S-1"]["reason"] == "1 of 14 cells missing"
