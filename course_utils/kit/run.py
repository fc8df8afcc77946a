"""Running what a student wrote: in a thread that can be stopped, leaving no trace."""

import ctypes
import os
import random
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import numpy as np
import torch

__all__ = ["Late", "run", "seeded"]

SECONDS = 5.0  # how long one call of the student's function may take
SETTINGS: list[tuple[Callable[[], Any], Callable[[Any], object]]] = [
    (torch.get_default_dtype, torch.set_default_dtype),
    (torch.get_num_threads, torch.set_num_threads),
    (torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly),
    (np.random.get_state, np.random.set_state),
    (random.getstate, random.setstate),
    (os.getcwd, os.chdir),
]


@contextmanager
def seeded() -> Iterator[None]:
    """Seeds that are always the same; afterwards every setting of the process is as it was."""
    before = [read() for read, _ in SETTINGS]
    try:
        with torch.random.fork_rng(), warnings.catch_warnings():
            # Answers run on the CPU. (torch.manual_seed would write down the whole stack for
            # every kind of GPU that is not there, which takes longer than most answers.)
            for seed in (torch.default_generator.manual_seed, np.random.seed, random.seed):
                seed(0)
            yield
    finally:
        for (_, put_back), value in zip(SETTINGS, before, strict=True):
            put_back(value)


class Late(Exception):
    """The function had not returned in time; its text says what became of it."""


def run(work: Callable[[], object]) -> tuple[object, BaseException | None]:
    """What `work` returns, and what it raises: an exception of its own, or Late.

    It runs in a thread of its own, which can be stopped on every platform, though not inside one
    long call into C. Where that holds the interpreter too, as sum(range(10**12)) does, nothing
    here runs before it ends: then only a restart of the kernel helps.
    """
    box: list = []
    # Not Thread.join: interrupted, it takes a thread that still runs for one that has ended.
    done = threading.Event()

    def task() -> None:
        try:
            box.append((work(), None))
        except BaseException as error:
            box.append((None, error))
        done.set()

    thread = threading.Thread(target=task, daemon=True)
    with seeded():
        try:
            thread.start()
            done.wait(SECONDS)
        finally:
            late = not done.is_set()  # out of time, or the user pressed stop
            for _ in range(20):
                if done.is_set():
                    thread.join(0.1)
                    break
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(thread.ident or 0), ctypes.py_object(_Stop)
                )
                done.wait(0.1)
    if not late:
        return box[0]
    message = f"Your function had not returned after {SECONDS:g} seconds: an endless loop?"
    if not done.is_set():
        message += " It cannot be stopped and still runs: restart the kernel."
    return None, Late(message)


class _Stop(BaseException):
    """Raised inside a student's function that takes too long; no `except Exception` holds it.

    A bare `except:` that swallows it meets it again at its next line, where nothing does.
    """

    def __init__(self) -> None:
        frame: FrameType | None = sys._getframe(1)
        while frame and frame.f_code.co_filename != __file__:
            frame.f_trace = _stop_again
            frame = frame.f_back
        sys.settrace(lambda *_: None)  # on, for this thread; frames yet to come are left alone


def _stop_again(frame: FrameType, event: str, _) -> None:
    if event == "line":
        raise _Stop
