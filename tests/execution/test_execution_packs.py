"""Cells that are measured as one: the pack is the cell's own, and a broken one is measured whole."""

import pytest

from bnref.evidence.cell import Cell, pack
from bnref.evidence.store import parse


def seeds(cell):
    return [other.seed for other in pack(cell)]


def cell(seed, **arm):
    return Cell(experiment="x", arm=arm, seed=seed, scale="small", device="cpu")


def test_a_pack_is_the_aligned_block_of_seeds_and_the_same_for_each_of_its_cells():
    assert seeds(cell(7)) == [7]
    assert seeds(cell(100, pack=4)) == seeds(cell(103, pack=4)) == [100, 101, 102, 103]
    assert all(pack(one) == pack(cell(5, pack=5)) for one in pack(cell(9, pack=5)))
    for wrong in (0, -2, 2.0, "4", None):
        with pytest.raises(ValueError, match="pack is"):
            pack(cell(1, pack=wrong))


def metrics(bench):
    """The metrics of every record by arm and seed, and the file that holds them."""
    files = {path: parse(path.read_bytes(), path.stem) for path in bench.records()}
    return {(r.cell.arm["level"], r.cell.seed): (r.metrics, path) for path, r in files.items()}


def test_a_broken_pack_is_measured_again_whole(bench, another_bench):
    for project in (bench, another_bench):
        project.claim("P-1", seeds=8, experiment="packed", pack=4)
    ran = another_bench.run()
    assert ran.code == 0, ran.text
    assert len(ran.lines("bnref: 16 cells to measure for 16 tests")) == 1
    assert len(ran.lines("[16/16]")) == 1, "progress counts cells"
    undisturbed = metrics(another_bench)
    assert len(undisturbed) == 16
    assert sorted(another_bench.count("start").values()) == [1] * 4

    assert bench.run().code == 0
    for level, seed in (("low", 101), ("low", 103), ("high", 107)):
        metrics(bench)[level, seed][1].unlink()
    (bench.root / "runs.log").unlink()
    resumed = bench.run()
    assert resumed.code == 0, resumed.text
    assert set(bench.count("start")) == {"P-1-low-100+101+102+103", "P-1-high-104+105+106+107"}
    assert len(resumed.lines("bnref: 8 cells to measure for 16 tests")) == 1
    found = metrics(bench)
    assert {name: m for name, (m, _) in found.items()} == {
        name: m for name, (m, _) in undisturbed.items()
    }


def test_a_few_seeds_measure_their_whole_pack_and_give_the_numbers_of_all(bench, another_bench):
    for project in (bench, another_bench):
        project.claim("P-1", seeds=8, experiment="packed", pack=4)
    assert another_bench.run().code == 0
    assert bench.run("--bn-seeds", "102").code == 0
    found, all_seeds = metrics(bench), metrics(another_bench)
    assert sorted(found) == [(a, s) for a in ("high", "low") for s in (100, 101, 102, 103)]
    assert all(found[name][0] == all_seeds[name][0] for name in found)


def test_a_pack_that_fails_leaves_all_of_its_cells_without_a_record(bench):
    bench.claim("P-1", seeds=8, experiment="packed", pack=4, does="raises", at="101")
    ran = bench.run()
    assert ran.code == 1
    assert bench.statuses() == {"P-1": "incomplete"}
    assert bench.findings()["P-1"]["reason"].count("the pack is cold") >= 1
    assert sorted(seed for _, seed in metrics(bench)) == [104, 104, 105, 105, 106, 106, 107, 107]
    assert len(ran.lines("ERROR at setup of test_cell[")) == 8, "each cell of both packs"
