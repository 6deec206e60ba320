"""Adapters of real implementations, a file each; a file imports its framework."""
