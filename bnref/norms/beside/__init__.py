"""What stands beside a normaliser and is none: it cannot be built from a number of channels.

weight_standardisation   normalises the weights of a convolution instead of its output
skip_init                a residual branch scaled by one number instead of normalised
population               running statistics estimated again, when training is over
fold                     batch norm multiplied into the convolution beside it

`bnref.norms.names()` lists the files of the folder above, not of this one.
"""
