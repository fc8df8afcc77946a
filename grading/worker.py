"""The process in which a student's answers run. It tells what they return, and judges nothing.

It is given the lesson's number, and answers as in submission.py. It sends a line when it is ready,
and one for each answer, as JSON: a list of its key and what it returned on the exercise's cases, or
the outcome if there is nothing to compare.

What a student's code does to this process can spoil its own results, never the comparison: that
happens elsewhere. `refuse` stops accidents and plain mischief, not someone who knows Python well.
"""

import ast
import json
import linecache
import os
import sys
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_utils.kit.examine import Outcome, attempt, escape
from course_utils.kit.exercise import EXERCISES
from grading.exercises import asked, load

MEMORY = 16 * 2**30  # bytes of address space, of which torch maps much and uses little
DESCRIPTORS = 4096  # more than there are
NUMBERS = 1_000_000  # of a longer tensor only the shape is told
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGES = {
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.mkdir",
    "os.chmod",
    "os.truncate",
    "os.link",
    "os.symlink",
}
LEAVES = (  # to other processes and machines
    *("subprocess", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.kill"),
    *("signal.pthread_kill", "socket", "urllib", "ftplib", "smtplib", "pty"),
)


def work(connection: Connection, folder: str, lesson: str, answers: list[dict[str, Any]]) -> None:
    """Run the answers in a folder of their own."""
    if sys.platform != "win32":
        os.setsid()  # so that it can be ended with what it started
    os.chdir(folder)
    os.environ |= {"HOME": folder, "MPLBACKEND": "Agg"}
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):  # what a student prints is not told
        os.dup2(nowhere, descriptor)
    os.closerange(3, connection.fileno())  # nor can it be written to the process that forked this
    os.closerange(connection.fileno() + 1, DESCRIPTORS)
    torch.set_num_threads(1)
    load(lesson)
    limit_memory()
    sys.addaudithook(refuse)
    connection.send_bytes(b"ready")
    for answer in answers:
        told = [answer["key"], returned(answer, lesson)]
        connection.send_bytes(json.dumps(told).encode())


def limit_memory() -> None:
    """So that a student's array too large fails, not the machine. Windows has no such limit."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def refuse(event: str, arguments: tuple) -> None:
    """Refuse to change files, start processes and use the network. Python calls it beforehand."""
    changes = event in CHANGES
    if event == "open":
        path, _, flags = arguments
        changes = bool(flags & WRITES) and path not in (os.devnull, os.devnull.encode())
    if changes or event.startswith(LEAVES):
        raise PermissionError(f"an answer must not do this: {event}")


def returned(answer: dict[str, Any], lesson: str) -> dict:
    """What an answer returns on the cases of its exercise: JSON's kinds of values alone."""
    space: dict[str, Any] = {"__name__": "__main__"}
    for statement in answer["before"]:
        try_to(statement, "<other cells>", space)
    for key, name in asked(lesson).items():
        if key == answer["key"]:
            break
        space[name] = EXERCISES[key].reference  # as `check` leaves it, right or not
    error = in_turn(answer["cell"], f"<exercise {answer['key']}>", space)
    function = space.get(answer["name"])
    if function is None:
        missing = f"There is no function <code>{escape(answer['name'])}</code>."
        raised = error and f"The cell raised <b>{escape(type(error).__name__)}</b>: {escape(error)}"
        return vars(Outcome("error", raised or missing))
    exercise = EXERCISES[answer["key"]]
    calls = attempt(exercise, function)
    if isinstance(calls, Outcome):
        return vars(calls)
    return {"calls": [[encoded(call.result), encoded(call.gradients)] for call in calls]}


def try_to(source: str, file: str, space: dict) -> BaseException | None:
    """Run code; what it raised."""
    try:
        exec(compile(source, file, "exec"), space)
    except BaseException as error:  # SystemExit, too
        return error
    return None


def in_turn(cell: str, file: str, space: dict) -> BaseException | None:
    """Run a cell's statements, the later ones even if one fails; what was raised last."""
    lines = [line + "\n" for line in cell.splitlines()]
    linecache.cache[file] = (len(cell), None, lines, file)  # for the line in a message
    try:
        statements = ast.parse(cell).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return error
    last = None
    for statement in statements:
        try:
            exec(compile(ast.Module([statement], []), file, "exec"), space)
        except BaseException as error:
            last = error
    return last


def encoded(value: object) -> Any:
    """A result as JSON: tensors and numbers by their values, all else by the name of its type."""
    if isinstance(value, (tuple, list)):
        return [encoded(part) for part in value]
    if isinstance(value, (bool, int, float, np.integer, np.floating)):
        return {"dtype": "float64", "shape": [], "values": [float(value)]}
    if isinstance(value, Tensor):
        told = value.numel() <= NUMBERS and not value.is_complex()
        numbers = value.detach().flatten().tolist() if told else []
        dtype = str(value.dtype).removeprefix("torch.")
        return {"dtype": dtype, "shape": list(value.shape), "values": numbers}
    return {"type": type(value).__name__}
