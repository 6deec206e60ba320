import os
import re
import subprocess
import sys
from pathlib import Path

import html5lib
import matplotlib
import pytest

from bnref.report import figures
from bnref.report.judged import effects
from bnref.report.write import contents, write

HERE = Path(__file__).parent
XHTML = "{http://www.w3.org/1999/xhtml}"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def pages(made_up) -> dict[str, bytes]:
    return contents(made_up)


@pytest.fixture(scope="module")
def tree(pages):
    return html5lib.HTMLParser(strict=True).parse(pages["report.html"].decode())


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
    assert len(paths) == 4 + 3  # documents; a figure for each finding and the summary


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
    assert not [e for e in tree.iter() if e.get("src")]


def test_ids_are_unique_and_references_lead_somewhere(tree, pages):
    ids = [e.get("id") for e in tree.iter() if e.get("id")]
    assert len(ids) == len(set(ids))
    text = pages["report.html"].decode()
    links = re.findall(r'(?:xlink:href="|href="|url\()#([^")]+)', text)
    labels = [name for e in tree.iter() for name in (e.get("aria-labelledby") or "").split()]
    assert set(links) | set(labels) <= set(ids)


def test_every_figure_has_a_title_a_caption_and_a_table(tree):
    parents = {child: parent for parent in tree.iter() for child in parent}
    found = list(tree.iter(f"{XHTML}figure"))
    assert len(found) == len(list(tree.iter(f"{SVG}svg"))) > 10
    for figure in found:
        drawn = next(figure.iter(f"{SVG}svg"))
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


def test_a_missing_metric_is_said_and_drawn_around(pages):
    assert "2 report no late" in pages["report.html"].decode()


def test_effects_keep_their_infinities(made_up):
    endless = next(one for one in made_up if one.finding.id == "WH18-8")
    assert set(effects(endless).values()) == {(float("inf"), float("inf"))}
    assert endless.finding.effects[0][1:] == (None, None)


def test_the_readers_own_style_changes_nothing(made_up):
    one = next(one for one in made_up if one.finding.id == "WH18-2")
    ours = figures.drawings(one)[0].svg
    with matplotlib.rc_context({"font.size": 20, "axes.facecolor": "red", "svg.fonttype": "none"}):
        assert figures.drawings(one)[0].svg == ours


def test_bibtex(pages):
    text = pages["references.bib"].decode()
    assert r"title = {{Group <Normalization> \& friends}}" in text
    assert "author = {Yuxin Wu and Kaiming He}" in text
    assert text.count("@misc{") == 1
