"""What is said about Batch Normalization, turned into claims that are measured and judged."""

__version__ = "0.1.0"
