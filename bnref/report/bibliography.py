"""references.bib: the papers whose claims the report judges."""

import re
from collections.abc import Iterable

from bnref.evidence.claim import Paper

SPECIAL = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}


def bibtex(papers: Iterable[Paper]) -> str:
    """One entry for each paper with an address, in the order of keys: our own claims have none."""
    entries = {paper.cite_key: _entry(paper) for paper in papers if paper.url}
    return "\n".join(entries[key] for key in sorted(entries))


def _entry(paper: Paper) -> str:
    fields = {
        "title": f"{{{_escaped(paper.title)}}}",  # the second pair of braces keeps its capitals
        "author": _authors(paper.authors),
        "year": str(paper.year),
        "howpublished": _escaped(paper.venue),
        "url": paper.url,
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{paper.cite_key},", *lines, "}"]) + "\n"


def _authors(authors: str) -> str:
    """Names as BibTeX parts them, by "and"; a list with "and" only before the last is understood."""
    names = re.split(r",?\s+(?:and|&)\s+|,\s+(?=\S+\s)", authors)
    return " and ".join(_escaped(name) for name in names)


def _escaped(text: str) -> str:
    return re.sub(r"[\\~^&%$#_{}]", lambda m: SPECIAL.get(m[0], "\\" + m[0]), text)
