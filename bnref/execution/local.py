"""Cells on this machine: long-lived spawned processes of one thread each.

A worker that dies breaks its pool (`concurrent.futures`). The pool is rebuilt, and the tasks that were
in flight are run again one by one, so that a task which kills its worker is known and fails alone.
"""

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial

from bnref.evidence.provenance import gpus
from bnref.evidence.store import Failure, Store, StoreError
from bnref.execution.worker import TOGETHER_SECONDS, Outcome, Task, begin, call, measure

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
KEPT_MEMORY = {
    "GLIBC_TUNABLES": ":".join(
        f"glibc.malloc.{name}={value}"
        for name, value in (
            ("mmap_threshold", 32 << 20),  # the most that glibc takes
            ("trim_threshold", 2**31 - 1),
            ("hugetlb", 1),
        )
    )
}
"""Have glibc's malloc keep what a step frees for the next, which asks for the same sizes, in huge pages.

Else it may give blocks above 128 KiB back and take them anew every step, with a fault for each 4 KiB.
A GLIBC_TUNABLES that is set already stands.
"""
MOST_TOGETHER = 256
DIED_ONCE = "its worker process died (killed, or out of memory)"
DIED = "its worker process died twice (killed, or out of memory)"

Tell = Callable[[Outcome], None]
OpenPool = Callable[[int], Executor]


def process_pool(workers: int, gpus: Sequence[str] = ()) -> ProcessPoolExecutor:
    """Spawned workers of one thread that end when this process does, dealt to the GPUs in turn."""
    context = multiprocessing.get_context("spawn")
    dealt = context.SimpleQueue() if gpus else None
    if dealt is not None:
        for number in range(workers):
            dealt.put(gpus[number % len(gpus)])
    return ProcessPoolExecutor(
        workers, mp_context=context, initializer=begin, initargs=(os.getpid(), dealt)
    )


def run(
    tasks: Sequence[Task],
    store: Store,
    workers: int,
    tell: Tell,
    open_pool: OpenPool | None = None,
) -> None:
    """Measure the tasks in their order, telling each outcome as it comes.

    Workers of cells on cuda are dealt to the GPUs in turn (`bnref.evidence.provenance.gpus`).

    Raises StoreError where a record cannot be written and KeyboardInterrupt on Ctrl-C; in both
    cases the workers are gone when it returns, and every record told of is in the store.
    """
    if open_pool is None:
        on_gpu = any(task.cell.device == "cuda" for task in tasks)
        open_pool = partial(process_pool, gpus=gpus() if on_gpu else ())
    suspects: deque[Task] = deque()
    for task in _drain(deque(tasks), store, workers, tell, open_pool):
        if all(store.get(key) is not None for key in task.keys):
            tell(Outcome(task=task))
        else:
            suspects.append(task)
    for task in _drain(suspects, store, 1, tell, open_pool, most=1):
        store.fail(task.key, Failure(cell=task.cell, reason=DIED))
        tell(Outcome(task=task, error=DIED))


def ask(target: str, *arguments: str) -> str:
    """Answer of package.module:function from a worker process, so that the driver needs no torch."""
    with _pool(1, process_pool) as pool:
        try:
            return str(_submit(pool, call, target, *arguments).result())
        except BrokenProcessPool:
            return f"the process that called {target} died"


def each(
    function: Callable[..., str],
    arguments: Sequence[tuple[object, ...]],
    workers: int,
    tell: Callable[[int, str], None],
) -> None:
    """Call the function with each of the arguments, in workers; tell the number of each and its answer.

    The function raises nothing. What kills its worker is told so, with all that was in flight. Ctrl-C
    ends the workers.
    """
    waiting = deque(enumerate(arguments))
    while waiting:
        with _pool(min(workers, len(waiting)), process_pool) as pool:
            flying: dict[Future[str], int] = {}
            try:
                while waiting or flying:
                    while waiting and len(flying) < workers:
                        future = _submit(pool, function, *waiting[0][1])
                        flying[future] = waiting.popleft()[0]
                    for future in wait(flying, return_when=FIRST_COMPLETED).done:
                        answer = future.result()
                        tell(flying.pop(future), answer)
            except BrokenProcessPool:
                for number in flying.values():
                    tell(number, DIED_ONCE)


def _drain(
    queue: deque[Task],
    store: Store,
    workers: int,
    tell: Tell,
    open_pool: OpenPool,
    most: int = MOST_TOGETHER,
) -> list[Task]:
    """Run the queue; where a worker dies, finish the rest in a new pool and return the suspects.

    A worker gets one task, and twice as many as before while it is through with them in half of the
    time that it may take for them together.
    """
    suspects: list[Task] = []
    together = 1
    while queue:
        with _pool(min(workers, len(queue)), open_pool) as pool:
            flying: dict[Future[list[Outcome]], list[Task]] = {}
            try:
                while queue or flying:
                    while queue and len(flying) < workers:
                        tasks = [queue.popleft() for _ in range(min(together, len(queue)))]
                        flying[_fly(pool, tasks, store, queue)] = tasks
                    done, _ = wait(flying, return_when=FIRST_COMPLETED)
                    for future in done:
                        outcomes = future.result()
                        tasks = flying.pop(future)
                        queue.extendleft(reversed(tasks[len(outcomes) :]))
                        spent = sum(o.seconds * o.task.size for o in outcomes)
                        brief = spent < TOGETHER_SECONDS / 2
                        together = min(2 * len(outcomes), most) if brief else len(outcomes)
                        for outcome in outcomes:
                            if outcome.store_broken:
                                raise StoreError(outcome.error)
                            tell(outcome)
            except BrokenProcessPool:
                for tasks in flying.values():
                    suspects += tasks
    return suspects


def _fly(
    pool: Executor, tasks: list[Task], store: Store, queue: deque[Task]
) -> "Future[list[Outcome]]":
    """Submit the tasks; a pool that is broken already leaves them in the queue, untouched."""
    try:
        return _submit(pool, measure, tasks, store.root)
    except BrokenProcessPool:
        queue.extendleft(reversed(tasks))
        raise


def _submit(pool: Executor, function: Callable[..., object], *arguments: object) -> "Future":  # type: ignore[type-arg]
    """Submit while Ctrl-C waits: a process that starts meanwhile inherits that, and none is lost."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return pool.submit(function, *arguments)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _pool(workers: int, open_pool: OpenPool) -> Iterator[Executor]:
    """A pool whose processes have one thread each, and are gone at the end whatever happens."""
    elsewhere = set(multiprocessing.active_children())
    theirs = KEPT_MEMORY | {n: os.environ[n] for n in KEPT_MEMORY if n in os.environ} | ONE_THREAD
    before = {name: os.environ.get(name) for name in theirs}
    os.environ.update(theirs)
    pool = open_pool(workers)
    finished = False
    try:
        yield pool
        finished = True
    finally:
        if not finished:
            for process in set(multiprocessing.active_children()) - elsewhere:
                process.kill()
        pool.shutdown(wait=True, cancel_futures=True)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
