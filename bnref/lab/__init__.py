"""How things are measured: data, nets, the one training loop, probes and experiments."""
