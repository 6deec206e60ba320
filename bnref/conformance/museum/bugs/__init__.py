"""The bugs, by theme. Each class is the clean layer with one of them, reconstructed from the threads."""
