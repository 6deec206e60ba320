"""Where cells run: worker processes behind `concurrent.futures.Executor`. The driver has no torch."""
