"""A device that is none: tensors on "pretend" lie in main memory, and behave as those of a GPU.

What mixes devices fails as it would there, and what would make the host wait for the device is noted.
A `Graph` records the kernels of a step and runs them again, without any Python, as a CUDA graph does.
Kernels are the CPU's, so numbers are, too.
"""

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

_setup_privateuseone_for_python_backend("pretend")
# The backend stays for the tests that follow in this process, whose checkpointed layers ask it.
torch.get_device_module("pretend").get_amp_supported_dtype = lambda: [torch.float32]

aten = torch.ops.aten
COPIES = (aten._to_copy.default, aten.copy_.default)
INDEXED = (aten.index.Tensor, aten._index_put_impl_.default, aten.index_put_.default)
TAKES_NO_NUMBER = (aten.cat.default, aten.stack.default, aten.mm.default)
WAITS = (
    aten._local_scalar_dense.default,
    aten._linalg_check_errors.default,
    aten._unique2.default,
    aten.bincount.default,
    aten.equal.default,
    aten.masked_select.default,
    aten.nonzero.default,
)
"""What returns numbers, or a size that depends on numbers, to the host."""


NOT_DETERMINISTIC = (
    aten._adaptive_avg_pool2d_backward,
    aten.adaptive_max_pool2d_backward,
    aten.avg_pool3d_backward,
    aten.grid_sampler_2d_backward,
    aten.histc,
    aten.kthvalue,
    aten.max_unpool2d,
    aten.put_,
    aten.reflection_pad2d_backward,
    aten.upsample_bicubic2d_backward,
    aten.upsample_bilinear2d_backward,
)
"""What raises on a GPU in deterministic mode, as torch.use_deterministic_algorithms (2.14) lists it, with
the mean or sum of nll_loss2d_forward, median along a dimension and weighted bincount."""


class Elsewhere(Tensor):
    """A tensor of the device; `held` has its numbers."""

    held: Tensor

    @staticmethod
    def __new__(cls, held: Tensor) -> "Elsewhere":
        made = Tensor._make_wrapper_subclass(
            cls,
            held.shape,
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            device=torch.device("pretend", 0),
        )
        made.held = held
        return made

    def __repr__(self, **_: Any) -> str:
        return f"Elsewhere({self.held!r})"

    def tolist(self) -> Any:
        """No operation to dispatch: torch refuses it to subclasses."""
        Device.current[-1].wait("tolist")
        return self.held.tolist()

    @classmethod
    def __torch_dispatch__(cls, op, types, args=(), kwargs=None):
        raise AssertionError(f"{op}: no `with Device()` around it")


class Device(TorchDispatchMode):
    """Within it device "pretend" is there. `waits` are the lines of bnref that waited for it."""

    current: ClassVar[list["Device"]] = []

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[str] = []

    def __enter__(self):
        Device.current.append(self)
        return super().__enter__()

    def __exit__(self, *raised):
        Device.current.pop()
        return super().__exit__(*raised)

    def __torch_dispatch__(self, op, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        there = [tensor for tensor in tensors if isinstance(tensor, Elsewhere)]
        here = [tensor for tensor in tensors if not isinstance(tensor, Elsewhere)]
        asked = kwargs.get("device")
        onto = asked is not None and torch.device(asked).type == "pretend"
        if not there and not onto:
            return op(*args, **kwargs)
        back = (asked is not None and not onto) or (
            op is aten.copy_.default and not isinstance(args[0], Elsewhere)
        )
        if op in COPIES:
            quiet = kwargs.get("non_blocking") or args[2:3] == (True,)
            if back or (here and not quiet):
                self.wait(op)
        else:
            self._check(op, args, kwargs, here)
        if onto:
            kwargs["device"] = torch.device("cpu")
        owners = {id(tensor.held): tensor for tensor in there}
        args, kwargs = tree_map(_held, (args, kwargs))
        found = op(*args, **kwargs)
        return found if back else tree_map(lambda leaf: _elsewhere(leaf, owners), found)

    def _check(self, op, args, kwargs, here: list[Tensor]) -> None:
        """Fail where CUDA would, note where it would wait."""
        if op in INDEXED:
            indices = [index for index in args[1] if index is not None]
            if here or any(index.dtype in (torch.bool, torch.uint8) for index in indices):
                self.wait(op)
        elif any(tensor.dim() or op in TAKES_NO_NUMBER for tensor in here):
            raise RuntimeError(f"Expected all tensors to be on the same device: {op}")
        generator = kwargs.get("generator")
        if generator is not None and generator.device.type == "cpu":
            raise RuntimeError(f"Expected a generator of the device: {op}")
        if (
            op.overloadpacket in NOT_DETERMINISTIC
            or op is aten.median.dim
            or (op is aten.nll_loss2d_forward.default and args[3] != 0)
            or (op is aten.bincount.default and len(args) > 1 and args[1] is not None)
        ):
            raise RuntimeError(f"{op.overloadpacket} does not have a deterministic implementation")
        if op in WAITS:
            self.wait(op)

    def wait(self, op) -> None:
        """Note the innermost line of the project."""
        if Graph.recording:
            raise RuntimeError(f"operation not permitted when stream is capturing: {op}")
        frames = [one for one in traceback.extract_stack() if "/bnref/" in one.filename]
        place = frames[-1] if frames else None
        self.waits.append(
            f"{op} in {place.filename.rpartition('/')[2]} {place.name}" if place else str(op)
        )


def _empty_strided(size, stride, dtype=None, **_: Any) -> Elsewhere:
    return Elsewhere(torch.empty_strided(size, stride, dtype=dtype))


def _copy_from(given: Tensor, onto: Tensor, non_blocking: bool = False) -> Tensor:
    """What torch.tensor(numbers, device=...) does, unseen by a dispatch mode: the host waits."""
    Device.current[-1].wait(aten.copy_.default)
    onto.held.copy_(_held(given))
    return onto


KERNELS = torch.library.Library("aten", "IMPL")
KERNELS.impl("empty_strided", _empty_strided, "PrivateUse1")
KERNELS.impl("_copy_from", _copy_from, "PrivateUse1")


def _held(leaf):
    return leaf.held if isinstance(leaf, Elsewhere) else leaf


def _elsewhere(leaf, owners: dict[int, Elsewhere]):
    if not isinstance(leaf, Tensor):
        return leaf
    return owners[id(leaf)] if id(leaf) in owners else Elsewhere(leaf)


class Graph(TorchDispatchMode):
    """What `bnref.lab.graphs` asks of CUDA, for device "pretend" or the CPU.

    Capturing runs nothing: what it moved is put back. A replay runs the recorded kernels on the tensors
    and with the numbers of the capture, and fills the tensors that they made then.
    """

    recording = False

    def __init__(self) -> None:
        super().__init__()
        self.kernels: list[tuple[Any, tuple, dict, Any]] = []
        self.moved: list[tuple[Tensor, Tensor]] = []
        self.replays = 0

    def aside(self):
        return nullcontext()

    @contextmanager
    def _recorded(self) -> Iterator[None]:
        Graph.recording = True
        try:
            with self:
                yield
        finally:
            Graph.recording = False

    def capture(self, work: Callable[[], Any]) -> Any:
        with self._recorded():
            found = work()
        for tensor, before in reversed(self.moved):
            tensor.copy_(before)
        return found

    def __torch_dispatch__(self, op, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        given = zip(op._schema.arguments, args, strict=False)
        for written in tree_leaves(
            [
                value
                for argument, value in given
                if argument.alias_info and argument.alias_info.is_write
            ]
        ):
            self.moved.append((written.detach(), written.detach().clone()))
        found = op(*args, **kwargs)
        self.kernels.append((op, args, kwargs, found))
        return found

    @torch.no_grad()
    def replay(self) -> None:
        self.replays += 1
        for op, args, kwargs, made in self.kernels:
            again = op(*args, **kwargs)
            returns = op._schema.returns
            if any(one.alias_info is None for one in returns):
                for old, new in zip(tree_leaves(made), tree_leaves(again), strict=True):
                    if isinstance(old, Tensor):
                        old.copy_(new)
