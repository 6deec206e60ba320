"""A lab without torch, for tests of the machinery."""
