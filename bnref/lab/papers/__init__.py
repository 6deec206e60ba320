"""The networks of the papers at the papers' own sizes, for the scales `gpu` and `paper`."""
