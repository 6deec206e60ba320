"""The embedded data, its licence and the digests of every data set that experiments may name."""
