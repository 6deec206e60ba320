"""What the layers should compute, in float64 NumPy: plain formulas, no torch, no speed.

Arrays are (N, C, ...), weight and bias (C,). A wider dtype (numpy.longdouble) is kept, a narrower
one is computed and returned in float64. Nothing here checks its input: whoever asks the oracle
has a layer to judge, and the layer's errors are the layer's.
"""
