"""One experiment per file: a plain function `run(cell) -> Measured`, imported by name by workers."""
