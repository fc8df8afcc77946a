"""Judging a submission: its answers run in a process of their own, the comparison in this one.

That process gets code and gives numbers. So an answer that leaves it, fills its output, or
overwrites `check` there changes nothing here: an exercise whose right numbers have not come is not
solved. What this cannot tell is where they come from: the references are in the package, and a
student who calls one there gets the point.
"""

import contextlib
import json
import multiprocessing
import os
import queue
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_utils.kit.examine import Call, Outcome, judge, plain
from course_utils.kit.exercise import EXERCISES
from grading import worker
from grading.exercises import load
from grading.submission import Answer, read

__all__ = ["Verdict", "collect", "verdicts"]

# A worker is forked from a process that has imported the course and runs no answer.
if sys.platform == "win32":
    CONTEXT = multiprocessing.get_context("spawn")
else:
    CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload([worker.__name__])
SECONDS = 30.0  # for one answer; a loop in its function is stopped after 5, see kit/run.py
START = 300.0  # for the process to start, on a machine with much to do
BYTES = 50_000_000  # of one answer's results
UNJUDGED = {"open", "error", "slow", "changed"}  # outcomes for which nothing need be compared
DTYPES = {
    str(d).removeprefix("torch."): d for d in vars(torch).values() if isinstance(d, torch.dtype)
}


@dataclass(frozen=True)
class Verdict:
    """On one exercise. outcome: as in kit/examine.py. message: plain text, as `check` says it."""

    key: str
    outcome: str
    message: str

    @property
    def points(self) -> int:
        """All or nothing: a recognised mistake is not solved yet."""
        return int(self.outcome == "right")


def verdicts(path: Path) -> list[Verdict]:
    """One for each exercise of the lesson. ValueError if the file holds no lesson."""
    return judged(collect(read(path)))


def judged(results: dict[str, dict]) -> list[Verdict]:
    """Compare what the worker told with the references."""
    return [Verdict(key, o.kind, plain(o.message)) for key, o in _outcomes(results)]


def collect(answers: list[Answer]) -> dict[str, dict]:
    """What the answers return, by key. A new worker goes on where one ended or took too long."""
    results: dict[str, dict] = {}
    while left := [answer for answer in answers if answer.key not in results]:
        for key, result in _work(left):
            results[key] = result
    return results


def _work(answers: list[Answer]) -> Iterator[tuple[str, dict]]:
    """Run a worker: the results it tells, and last why there is none for the next answer."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        told, tells = CONTEXT.Pipe(duplex=False)
        job = (answers[0].key[:2], [asdict(answer) for answer in answers])
        process = CONTEXT.Process(target=worker.work, args=(tells, folder, *job), daemon=True)
        process.start()
        tells.close()
        try:
            yield from _told(told, answers)
        finally:
            _end(process)


def _told(connection: Connection, answers: list[Answer]) -> Iterator[tuple[str, dict]]:
    lines: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=_listen, args=(connection, lines), daemon=True).start()
    lines.get(timeout=START)  # it is ready
    for answer in answers:
        try:
            line = lines.get(timeout=SECONDS)
        except queue.Empty:
            said = f"Nothing was returned within {SECONDS:g} seconds: an endless loop?"
            yield answer.key, vars(Outcome("slow", said))
            return
        try:
            key, result = json.loads(line)
            told = isinstance(result, dict) and key == answer.key
        except (ValueError, TypeError, RecursionError):
            told = False
        if not told:
            said = "The code ended the process it ran in, or wrote where it must not."
            yield answer.key, vars(Outcome("error", said))
            return
        yield answer.key, result
        if result.get("kind") == "slow":
            return  # it may still run, and slow the next ones


def _listen(connection: Connection, lines: queue.Queue) -> None:
    """Put what the worker tells into the queue, and b"" when no more comes."""
    with connection, contextlib.suppress(EOFError, OSError):
        while True:
            lines.put(connection.recv_bytes(BYTES))
    lines.put(b"")


def _end(process: BaseProcess) -> None:
    """Kill a worker, and what it started."""
    if sys.platform != "win32":
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid or 0, signal.SIGKILL)
    process.kill()
    process.join()


def _outcomes(results: dict[str, dict]) -> Iterator[tuple[str, Outcome]]:
    for key, result in results.items():
        load(key[:2])
        if result.get("kind") in UNJUDGED:  # "right" is not for the worker to say
            yield key, Outcome(result["kind"], str(result.get("message"))[:2000])
            continue
        try:
            calls = [Call(decoded(r), decoded(g), []) for r, g in result["calls"]]
            yield key, judge(EXERCISES[key], calls)
        except Exception:
            yield key, Outcome("error", "The answer could not be compared.")


def decoded(told: Any) -> Any:
    """A result from the JSON that worker.encoded made of it; anything else raises."""
    if isinstance(told, list):
        return [decoded(part) for part in told]
    if "type" in told:
        name = str(told["type"])[:50]
        return np.empty(0) if name == "ndarray" else type(name, (), {})()
    return _tensor(DTYPES[told["dtype"]], told["shape"], told["values"])


def _tensor(dtype: torch.dtype, shape: list[int], values: list) -> Tensor:
    """Without values, zeros that take no memory: then the shape or the dtype is wrong already."""
    if not values:
        return torch.zeros((), dtype=dtype).expand(shape)
    return torch.tensor(values, dtype=dtype).reshape(shape)
