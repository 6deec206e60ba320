"""Adapters with one fault each, made from the plain one; used by name and as objects."""

import contextlib
import dataclasses
import os
import sys
import time

import numpy as np

from bnref.conformance.adapters.numpy_plain import ADAPTER, Layer


def _with(name, **changed):
    layer = type(name, (Layer,), changed)
    return dataclasses.replace(ADAPTER, name=name, make=layer, default=None)


def _raise(error):
    def method(self, *arguments):
        raise error

    return method


class OnePass(Layer):
    def train(self, x):
        mean = x.mean(self.axes)
        var = np.maximum(np.square(x).mean(self.axes) - np.square(mean), 0)
        m = x.size // self.config.channels
        if m < 2:
            raise ValueError("one value per channel")
        super().train(x)
        return self.normalise(x, mean, var, training=True)


class Poisoned(Layer):
    def train(self, x):
        y = super().train(x)
        y.flat[0] = np.nan
        return y


def _hang(self, dy):
    while True:
        pass


def _deaf(self, dy):
    while True:
        with contextlib.suppress(BaseException):
            time.sleep(60)


def _die(self, dy):
    os.abort()


RAISES = _with("raises", backward=_raise(RuntimeError("no backward today")))
EXITS = _with("exits", backward=lambda self, dy: sys.exit(3))
HANGS = _with("hangs", backward=_hang)
DEAF = _with("deaf", backward=_deaf)
CRASHES = _with("crashes", backward=_die)
WRONG_SHAPE = _with("wrong shape", train=lambda self, x: Layer.train(self, x)[:-1])
WRONG_DTYPE = _with("wrong dtype", train=lambda self, x: Layer.train(self, x).astype("float16"))
NO_ARRAY = _with("no array", train=lambda self, x: Layer.train(self, x).tolist())
NO_STATE = _with("no state", state=lambda self: None)
POISONED = dataclasses.replace(_with("poisoned"), make=Poisoned)
ONE_PASS = dataclasses.replace(_with("one pass"), make=OnePass)
BIASED = dataclasses.replace(
    ADAPTER, conventions=dataclasses.replace(ADAPTER.conventions, running_variance="biased")
)
UNMAKEABLE = dataclasses.replace(ADAPTER, make=_raise(ValueError("no layer")).__get__(0))
INFERENCE = _with("inference", train=None, backward=None)
NOTHING = 3
