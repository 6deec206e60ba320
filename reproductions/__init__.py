"""The claims: one folder per paper, whose __init__.py holds PAPER, and one file per claim."""
