"""What was run and what follows from it: claims, cells, records, the store and the verdicts. No torch."""
