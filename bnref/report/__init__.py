"""Findings as pages: JSON, Markdown, HTML, figures and BibTeX. No torch, no pytest."""
