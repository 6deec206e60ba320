import math
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import html5lib
import matplotlib
import msgspec
import pytest

from bnref.report import figures, readme, strip, words
from bnref.report.drawn import drawings
from bnref.report.judged import effects
from bnref.report.summary import groups
from bnref.report.write import at_a_glance, contents, laid_out, write

HERE = Path(__file__).parent
XHTML = "{http://www.w3.org/1999/xhtml}"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def pages(made_up) -> dict[str, bytes]:
    return contents(made_up)


@pytest.fixture(scope="module", params=["report.html", "summary.html"])
def name(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def tree(pages, name):
    return html5lib.HTMLParser(strict=True).parse(pages[name].decode())


def test_the_same_bytes_in_another_process(pages, tmp_path):
    program = (
        f"import sys; sys.path.insert(0, {str(HERE)!r}); import conftest; from pathlib import Path\n"
        "from bnref.report.write import write; write(Path(sys.argv[1]), conftest.everything())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "MPLBACKEND": "pdf"}
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, env=environment)
    written = {
        path.relative_to(tmp_path).as_posix(): path.read_bytes()
        for path in tmp_path.rglob("*")
        if path.is_file()
    }
    assert written.keys() == pages.keys()
    assert [name for name in pages if written[name] != pages[name]] == []


def test_write_removes_stale_figures_and_leaves_nothing_aside(made_up, tmp_path):
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "OLD-1-1.svg").write_text("<svg/>")
    (tmp_path / "records").mkdir()
    paths = write(tmp_path, made_up[2:4])
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == set(paths)
    assert len(paths) == 6 + 3  # documents; a figure for each finding and the summary


def test_findings_name_the_figures_that_are_written(made_up, pages):
    assert all(len(d.finding.figures) >= bool(d.finding.effects) for d in made_up)
    named = {path for one in made_up for path in one.finding.figures}
    assert named | {"figures/summary.svg"} == {n for n in pages if n.startswith("figures/")}
    assert "figures/WH18-1-at-my_norm-1.svg" in named


def test_one_h1_a_language_and_a_skip_link(tree):
    assert tree.get("lang") == "en"
    assert len(list(tree.iter(f"{XHTML}h1"))) == 1
    first = next(tree.find(f"{XHTML}body").iter(f"{XHTML}a"))
    target = first.get("href")[1:]
    assert [e.tag for e in tree.iter() if e.get("id") == target] == [f"{XHTML}main"]


def test_no_script_and_nothing_from_the_network(tree):
    assert not list(tree.iter(f"{XHTML}script"))
    assert not list(tree.iter(f"{XHTML}link"))
    assert all(e.get("src").startswith("figures/") for e in tree.iter() if e.get("src"))


def test_ids_are_unique_and_references_lead_somewhere(tree, pages, name):
    ids = [e.get("id") for e in tree.iter() if e.get("id")]
    assert len(ids) == len(set(ids))
    text = pages[name].decode()
    links = re.findall(r'(?:xlink:href="|href="|url\()#([^")]+)', text)
    labels = [name for e in tree.iter() for name in (e.get("aria-labelledby") or "").split()]
    assert set(links) | set(labels) <= set(ids)
    report = pages["report.html"].decode()
    for anchor in re.findall(r'href="report\.html#([^"]+)', text):
        assert f'id="{anchor}"' in report


def test_every_figure_has_a_title_a_caption_and_a_table(tree, pages, name):
    parents = {child: parent for parent in tree.iter() for child in parent}
    found = list(tree.iter(f"{XHTML}figure"))
    linked = list(tree.iter(f"{XHTML}img"))
    assert len(list(tree.iter(f"{SVG}svg"))) == 1, "expected the overview on the page itself"
    assert len(found) == len(linked) + 1 > (10 if name == "report.html" else 0)
    for figure in found:
        shown = list(figure.iter(f"{XHTML}img"))
        assert all(image.get("alt") and image.get("src") in pages for image in shown)
        for drawn in figure.iter(f"{SVG}svg"):
            assert drawn.get("role") == "img"
            assert drawn[0].tag == f"{SVG}title"
            assert drawn[0].text
            assert drawn.find(f"{SVG}desc").text
        assert figure.find(f"{XHTML}figcaption").text
        siblings = list(parents[figure])
        details = siblings[siblings.index(figure) + 1]
        assert details.tag == f"{XHTML}details"
        assert next(details.iter(f"{XHTML}tbody")).findall(f"{XHTML}tr")


def test_tables_have_captions_and_scopes(tree):
    for table in tree.iter(f"{XHTML}table"):
        assert table[0].tag == f"{XHTML}caption"
        assert all(head.get("scope") in ("col", "row") for head in table.iter(f"{XHTML}th"))


def test_texts_of_claims_are_escaped(pages):
    html, markdown = pages["report.html"].decode(), pages["report.md"].decode()
    assert "Group &lt;Normalization&gt; &amp; friends" in html
    assert "<always>" not in html
    assert r"other \| by \*enough\* \<always\>" in markdown


@pytest.mark.parametrize("page", ["report.html", "report.md"])
def test_what_a_reader_must_be_told(pages, page):
    text = pages[page].decode()
    assert "never says that a paper is wrong at its own scale" in text
    assert "The effect has the other sign here" in text  # why it was expected
    assert "2 of 96 runs diverged" in text
    assert "cells missing" in text
    assert "no worse than the margin" in text
    assert "undefined" in text
    assert "or more" in text
    assert "above every finite number" in text
    assert "difference 11.1 (table 2)" in text
    assert "Some CPU" in text


@pytest.mark.parametrize("page", ["report.html", "report.md", "summary.html", "summary.md"])
def test_every_claim_is_on_every_page_with_what_is_known_of_it(pages, page, made_up):
    text = pages[page].decode()
    for one in made_up:
        shown = re.compile(rf"\b{re.escape(one.finding.id)}\b")
        assert shown.search(text.replace("\\", "")), one.finding.id
    assert "needs a cluster" in text
    assert "no setting at scale small" in text
    assert "would decide it" in text
    assert "Too few images." in text
    assert "gain in appendix" in text
    assert "not verified" in text
    assert "difference: 11.1" in text


def test_a_page_says_what_its_claims_cost_and_counts_shared_runs_once(made_up):
    shown = laid_out(made_up, figures=False)
    one = next(entry for entry in shown.entries if entry.seconds)
    assert (
        one.cost
        == f"{len(one.seconds)} runs, {words.number(sum(one.seconds.values()))} core-seconds"
    )
    twice = laid_out([*made_up, *made_up], figures=False)
    assert twice.cost == shown.cost
    assert sum(len(entry.seconds) for entry in twice.entries) > len(
        {cell for entry in twice.entries for cell in entry.seconds}
    )


def test_a_claim_is_in_one_group_and_headlines_come_first(made_up):
    found = {group.title: group.entries for group in groups(laid_out(made_up, figures=False))}
    ids = [entry.finding.id for entries in found.values() for entry in entries]
    assert sorted(ids) == sorted(one.finding.id for one in made_up)
    by_group = {title: [entry.finding.id for entry in entries] for title, entries in found.items()}
    assert by_group["What does not hold"] == ["WH18-2"]
    assert by_group["What depends on scale"] == ["WH18-2-small"]
    assert by_group["What holds exactly"] == ["WH18-9"]
    assert by_group["What was not judged"] == ["WH18-5", "WH18-6", "WH18-10"]
    assert by_group["Controls"] == ["CTRL-planted-half"]
    assert "WH18-3" in by_group["What these seeds do not decide"]


def test_headlines_lead_their_group(made_up):
    marked = [
        replace(
            one,
            finding=msgspec.structs.replace(
                one.finding, headline="first" * (one.finding.id == last)
            ),
        )
        for last in ["WH18-8"]
        for one in made_up
    ]
    holds = next(g for g in groups(laid_out(marked, figures=False)) if g.title == "What holds")
    assert len(holds.entries) > 1
    assert holds.entries[0].finding.id == "WH18-8"


def test_of_many_judged_claims_the_readme_shows_the_headlines(made_up):
    few = readme.blocks(made_up)["verdicts"]
    assert "| [WH18-1](" in few, "few claims: all are shown"
    many = readme.blocks(made_up * 3)["verdicts"]
    assert "| [WH18-1](" not in many
    assert "| [WH18-2-small](" in many
    assert f"All {3 * len(made_up)}: " in many
    assert "[The rest](reports/summary.md)" in many


def test_of_many_judged_claims_the_overview_shows_the_headlines(made_up):
    few, many = (at_a_glance(laid_out(made_up * times, figures=False)).svg for times in (1, 3))
    assert "of every judged claim" in few
    assert "of every headline claim" in many
    assert "larger rates  WH18-2-small" in many, "a headline stands beside its claim's id"
    assert "WH18-9" in few
    assert "WH18-9" not in many


def test_a_missing_metric_is_said_and_drawn_around(pages):
    assert "2 report no late" in pages["report.html"].decode()


def test_effects_keep_their_infinities(made_up):
    endless = next(one for one in made_up if one.finding.id == "WH18-8")
    assert set(effects(endless).values()) == {(float("inf"), float("inf"))}
    assert endless.finding.effects[0][1:] == (None, None)


def test_every_seed_for_or_against_is_a_mark_of_its_colour(made_up, pages):
    marked = 0
    for one in made_up:
        known = [seed for seed, (a, b) in effects(one).items() if a == b and math.isfinite(a)]
        if not known or len(known) < one.finding.n_seeds:
            continue
        svg = pages[one.finding.figures[-1]].decode()
        for color, count in (
            (strip.FOR, one.finding.seeds_for),
            (strip.AGAINST, one.finding.seeds_against),
        ):
            assert len(re.findall(f'<use [^>]*style="fill: {color}', svg)) == count
            marked += count
    assert marked > 50


def test_the_readers_own_style_changes_nothing(made_up):
    one = next(one for one in made_up if one.finding.id == "WH18-2")
    sketch = next(figures.sketches(one, one.finding))
    (ours,) = drawings([sketch])
    with matplotlib.rc_context({"font.size": 20, "axes.facecolor": "red", "svg.fonttype": "none"}):
        assert drawings([sketch]) == [ours]


def test_bibtex(pages):
    text = pages["references.bib"].decode()
    assert r"title = {{Group <Normalization> \& friends}}" in text
    assert "author = {Yuxin Wu and Kaiming He}" in text
    assert text.count("@misc{") == 1
