"""The conformance kit on every implementation here: what is missing is measured, the rest is read."""
