"""Runs as a user sees them: what is selected, measured, printed, published; which tests are red."""

import json
from importlib.resources import files

import jsonschema

CELLS = "benchmarks/test_cells.py::test_cell"
CLAIMS = "benchmarks/test_claims.py::test_claim"


def ids(ran):
    """The test ids that a run with -v or a collection with -q printed."""
    return [line.split()[0] for line in ran.lines("benchmarks/test_", "::")]


def test_a_whole_run_measures_judges_and_publishes_and_the_next_one_measures_nothing(bench):
    bench.claim("X-1")
    bench.claim("X-10", gap=-3.0, expected="refuted", does="diverges", at="low-s101")
    bench.claim("X-2", of="X-1")

    ran = bench.run()
    assert ran.code == 0, ran.text
    assert len(bench.log("end")) == 24, "X-1 and X-2 share their cells"
    assert len(ran.lines("bnref: 24 cells to measure for 36 tests, 12 shared, ")) == 1
    assert [line[:7] for line in ran.lines("] X-", " left")] == [
        f"[{n:2}/24]" for n in range(1, 25)
    ]
    assert [line.split("]")[1].split(",")[0] for line in ran.lines("diverged")] == [
        " X-10-low-s101 diverged in 0.0 s"
    ]
    table = ran.text[ran.text.index(" verdicts ") :].splitlines()[1:]
    rows = [line.split() for line in table if line.startswith("X-")]
    assert [row[:2] for row in rows] == [
        ["X-1", "supported"],
        ["X-2", "supported"],
        ["X-10", "refuted"],
    ]
    assert ran.lines("X-10", "-3 [-3, -3] points, n=6")
    page = bench.root / "reports" / "report.html"
    assert f"report: {page}" in table
    assert page.stat().st_size > 1000

    reports = bench.root / "reports"
    assert (reports / "report.md").is_file()
    assert len((reports / "records" / "sleepy.jsonl").read_text().splitlines()) == 24
    document = json.loads((reports / "findings.json").read_text())
    schema = files("bnref.report").joinpath("findings.schema.json").read_text()
    jsonschema.validate(document, json.loads(schema))
    readme = (bench.root / "README.md").read_text()
    assert "X-10" in readme
    assert "refuted" in readme
    (bench.root / "runs.log").unlink()

    again = bench.run("-v")
    assert again.code == 0, again.text
    assert len(again.lines("bnref: 0 cells to measure")) == 1
    assert not bench.workers(), "no worker starts"
    assert again.seconds < 10
    arms = [f"{arm}-s{seed}" for seed in range(100, 106) for arm in ("low", "high")]
    names = ("X-1", "X-2", "X-10")
    assert ids(again) == [
        *(f"{CELLS}[{name}-{arm}]" for name in names for arm in arms),
        *(f"{CLAIMS}[{name}]" for name in names),
    ]
    assert json.loads((reports / "findings.json").read_text()) == document

    (bench.root / "README.md").unlink()
    unwritten = bench.run("-m", "claim")
    assert unwritten.code == 1
    assert "Traceback" not in unwritten.text
    assert len(unwritten.lines("bnref: report not written: ", "README.md: No such file")) == 1
    assert len(unwritten.lines("X-1 ", "supported")) == 1


def test_a_part_of_the_claims_or_other_seeds_are_judged_aside(bench):
    for name in ("X-1", "X-10", "Y-1"):
        bench.claim(name)
    some = bench.start("--collect-only", "--bn-claim", "X-1,Y-1", "--bn-seeds", "7,9-10")
    claims = bench.start("--collect-only", "-q", "-m", "claim", "-k", "X-1")
    cells = bench.start("--collect-only", "-q", "-m", "cell", "-k", "Y-1 and s103")
    counted = some.wait()
    assert counted.code == 0
    assert len(counted.lines("bnref: 12 cells to measure for 12 tests")) == 1
    assert counted.lines("test_cell[Y-1-high-s9]")
    assert "X-10" not in counted.text
    assert ids(claims.wait()) == [f"{CLAIMS}[X-1]", f"{CLAIMS}[X-10]"]
    assert ids(cells.wait()) == [f"{CELLS}[Y-1-low-s103]", f"{CELLS}[Y-1-high-s103]"]
    assert not bench.workers()
    assert not (bench.root / ".bnref").exists()

    quiet = bench.run("-q", "--bn-claim", "X-1", "--bn-seeds", "0-5")
    assert quiet.code == 0, quiet.text
    assert len(bench.log("end")) == 12
    assert not quiet.lines("cells to measure")
    assert not quiet.lines(" left")
    assert len(quiet.lines("X-1 ", "supported", "n=6 (unregistered)")) == 1
    page = bench.root / ".bnref" / "report" / "report.html"
    assert len(quiet.lines(f"report: {page} (not published: not a whole run)")) == 1
    assert bench.findings()["X-1"]["registered"] is False
    assert not (bench.root / "reports").exists()


def test_headline_claims_come_first_and_each_verdict_with_the_last_of_its_cells(bench):
    bench.claim("A-1")
    bench.claim("B-1", headline="first", gap=3.0)
    bench.claim("C-1", of="B-1", gap=3.0, seeds=4)
    ran = bench.run("--bn-workers", "1")
    assert ran.code == 0, ran.text
    told = [line.split() for line in ran.text.splitlines() if line.startswith(("[", "->"))]
    names = [words[1] if words[0] == "->" else words[-7][:3] for words in told]
    assert names == [*["B-1"] * 8, "C-1:", *["B-1"] * 4, "B-1:", *["A-1"] * 12, "A-1:"], ran.text
    assert ran.lines("-> B-1: supported, 3 [3, 3] points, n=6")
    assert ran.lines("-> C-1: inconclusive, 3 [?, ?] points, n=4")

    bench.claim("D-1", gap=4.0)
    more = bench.run("--bn-workers", "1", "--deselect", f"{CELLS}[D-1-low-s100]")
    told = [line.split()[1] for line in more.lines("-> ")]
    assert told == ["A-1:", "B-1:", "C-1:"], "what is complete at once; D-1 lacks a cell"


def test_red_is_a_swapped_verdict_a_failed_control_and_a_broken_run(bench):
    bench.claim("A-swapped", gap=-3.0)
    bench.claim("B-moved", seeds=4)
    bench.claim("C-control", gap=0.5, kind="control")
    bench.claim("D-raises", gap=4.0, does="raises once", at="low-s101")
    bench.claim("E-waits", gap=5.0)

    ran = bench.run("-v", "-k", "not E-waits-low-s100")
    assert ran.code == 1
    assert "Traceback" not in ran.text
    outcomes = {line.split()[0]: line.split()[1] for line in ran.lines("benchmarks/", "::", "%]")}
    red = {name for name, outcome in outcomes.items() if outcome in ("FAILED", "ERROR")}
    assert red == {
        f"{CLAIMS}[A-swapped]",
        f"{CLAIMS}[C-control]",
        f"{CELLS}[D-raises-low-s101]",
        f"{CLAIMS}[D-raises]",
    }
    assert outcomes[f"{CLAIMS}[B-moved]"] == "PASSED"
    assert outcomes[f"{CLAIMS}[E-waits]"] == "SKIPPED"
    cold = "RuntimeError: the coffee is cold"
    assert len(ran.lines("] D-raises-low-s101", f"failed: {cold},")) == 1
    assert len(ran.lines(f"not measured: {cold}")) == 1
    assert (
        len(ran.lines("VerdictMoved: B-moved at scale small is inconclusive with [", "points")) == 1
    )
    assert ran.lines("A-swapped at scale small is refuted, expected supported")
    findings = bench.findings()
    assert findings["D-raises"]["reason"] == f"1 failed: low seed 101: {cold}"
    assert findings["E-waits"]["reason"] == "1 of 12 cells missing"
    (failure,) = (bench.root / ".bnref/store/failures").glob("*/*.json")
    kept = json.loads(failure.read_text())
    assert kept["reason"] == cold
    assert "sleepy.py" in kept["details"]

    again = bench.run("-k", "D-raises or E-waits")
    assert again.code == 0, again.text
    assert len(again.lines("bnref: 2 cells to measure")) == 1, "a failure is tried again"
    assert len(again.lines("D-raises ", "supported")) == 1


def test_a_run_without_cells_and_claims_hears_nothing_of_it(bench):
    (bench.root / "benchmarks" / "test_other.py").write_text(
        "import sys\n\ndef test_other():\n    assert 'torch' not in sys.modules\n"
    )
    for path in bench.root.glob("benchmarks/test_c*.py"):
        path.unlink()
    ran = bench.run()
    assert ran.code == 0, ran.text
    assert "1 passed" in ran.text
    assert not ran.lines("bnref: ")
    assert not ran.lines("verdicts")
    assert not (bench.root / ".bnref").exists()
