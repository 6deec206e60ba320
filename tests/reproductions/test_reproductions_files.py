"""Every claim file keeps the house rules, and its synthetic cells run and give an effect."""

import ast
import importlib
import importlib.util
import math
import sys
from pathlib import Path

import pytest

from bnref.evidence.cell import pack
from bnref.evidence.claim import Claim, Row, Rows, plan
from bnref.evidence.registry import load
from bnref.evidence.verdict import as_interval
from bnref.execution.worker import experiment

ROOT = Path(__file__).parents[2]
PAPERS = sorted((ROOT / "reproductions").glob("*/__init__.py"))
SHARED = sorted((ROOT / "reproductions").glob("*.py"))
FILES = sorted((ROOT / "reproductions").glob("*/[!_]*.py"))


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.fixture(scope="module")
def claims() -> dict[str, Claim]:
    """Every claim by its file, through the loader that the plugin uses."""
    loaded = {claim.id: claim for _, claim in load(ROOT).values()}
    found = {}
    for path in FILES:
        claim = importlib.import_module(f"reproductions.{path.parent.name}.{path.stem}").CLAIM
        assert loaded[claim.id] is claim
        found[name(path)] = claim
    assert len(found) == len(loaded)
    return found


def imports(path: Path) -> set[str]:
    modules = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            modules.add(node.module or "")
    return modules


@pytest.mark.parametrize("path", [*SHARED, *PAPERS, *FILES], ids=name)
def test_it_imports_evidence_its_neighbours_and_the_standard_library_only(path):
    for module in imports(path):
        top = module.partition(".")[0]
        allowed = module.startswith("bnref.evidence.") or top == "reproductions"
        assert allowed or top in sys.stdlib_module_names, f"{name(path)} imports {module}"


@pytest.mark.parametrize("path", PAPERS, ids=lambda path: path.parent.name)
def test_a_paper_is_cited_by_the_name_of_its_folder(path, claims):
    paper = importlib.import_module(f"reproductions.{path.parent.name}").PAPER
    assert paper.cite_key == path.parent.name
    assert paper.title
    assert paper.authors
    assert paper.venue
    assert 1990 < paper.year < 2100


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_claim_file_is_short_and_says_what_it_is_for(path, claims):
    text = path.read_text(encoding="utf-8")
    assert (15 if claims[name(path)].not_attempted else 30) <= len(text.splitlines()) <= 70
    assert ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_claim_is_complete(path, claims):
    claim = claims[name(path)]
    assert claim.statement.endswith(".")
    assert claim.statement[0].isupper()
    assert claim.protocol.endswith(".")
    assert claim.locator
    assert claim.id.isascii()
    for scale, expected in claim.expected.items():
        assert scale in claim.settings
        assert expected.because.endswith(".") or expected.outcome == "supported"
        assert expected.because or not expected.depends_on_scale
    if claim.not_attempted:
        return
    assert claim.unit
    assert claim.figures or claim.kind != "statistical", "a statistical claim has a figure"
    assert {"small", "smoke"} <= set(claim.settings)
    assert claim.settings["small"].seeds >= (20 if _two_sided(claim) else 12)
    assert claim.settings["smoke"].seeds == 1
    for setting in claim.settings.values():
        assert importlib.util.find_spec(setting.experiment), setting.experiment
        assert all(arm.name.isascii() and " " not in arm.name for arm in setting.arms)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_an_effect_of_nothing_does_not_support_a_statistical_claim(path, claims):
    claim = claims[name(path)]
    if claim.kind == "statistical" and claim.settings and not _two_sided(claim):
        assert not claim.region.contains(0, 0)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_figures_name_parameters_of_the_arms(path, claims):
    claim = claims[name(path)]
    if claim.not_attempted:
        assert not claim.figures
        return
    arms = [{**claim.settings["small"].fixed, **a.parameters} for a in claim.settings["small"].arms]
    names = {arm.name for setting in claim.settings.values() for arm in setting.arms}
    for figure in claim.figures:
        assert figure.hue == "arm" or any(figure.hue in arm for arm in arms)
        assert set(figure.arms) <= names, "a figure shows arms that no scale has"
        small = {arm.name for arm in claim.settings["small"].arms}
        assert not figure.arms or small & set(figure.arms)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_synthetic_cells_of_scale_smoke_give_an_effect(path, claims):
    """On a pilot seed. An exact claim is there as expected, and its negative control bites."""
    claim = claims[name(path)]
    if claim.not_attempted:
        pytest.skip("not attempted: it has no cells")
    cells = plan(claim.settings["smoke"], "smoke", "cpu", seeds=[3])
    if any("data" in planned.cell.arm for planned in cells):
        pytest.skip("needs training on data: `make smoke` runs it")
    rows = []
    for planned in cells:
        found = experiment(planned.cell.experiment)(pack(planned.cell))[0]
        rows.append(Row(planned.arm, found.metrics, found.series, found.diverged))
    low, high = as_interval(claim.effect(Rows(tuple(rows))))
    assert math.isfinite(low)
    assert math.isfinite(high)
    if claim.kind == "exact":
        expected = claim.expectation("small")
        assert claim.region.contains(low, high) == (expected.outcome == "supported")
        assert expected.outcome == "supported" or expected.because.endswith(".")
        assert claim.control is not None
        assert claim.control(Rows(tuple(rows))) > 3


def test_at_most_twenty_claims_are_headlines(claims):
    assert sum(bool(claim.headline) for claim in claims.values()) <= 20


def _two_sided(claim: Claim) -> bool:
    """Whether the claim is an equivalence or a law, which take twenty seeds (statistics.md, 2)."""
    return math.isfinite(claim.region.lo) and math.isfinite(claim.region.hi)


def test_headline_claims_are_few_and_run_at_scale_small():
    headlines = [claim for _, claim in load(ROOT).values() if claim.headline]
    assert 1 <= len(headlines) <= 20, "they are measured first: most claims are none"
    for claim in headlines:
        assert "small" in claim.settings, (
            f"{claim.id}: a headline is judged by `pytest benchmarks/`"
        )
        assert claim.kind == "statistical", f"{claim.id}: a headline is what a paper found"
