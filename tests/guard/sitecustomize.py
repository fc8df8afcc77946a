"""Keeps Python off the network and inside its folders; Python runs this file at start-up.

It is on PYTHONPATH only while tests/test_runs.py runs the notebooks. SANDBOX names the
folders that may be written to; what is refused is also noted in the first of them, because
a lesson could catch the exception and go on.
"""

import importlib.machinery
import importlib.util
import ipaddress
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

# See tests/conftest.py: two seconds for every program that reads a notebook.
sys.modules["rfc3987_syntax"] = None

FOLDERS = [Path(folder).resolve() for folder in os.environ.get("SANDBOX", "").split(os.pathsep)]
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def is_remote(host) -> bool:
    if isinstance(host, bytes):
        host = host.decode()
    if host in (None, "", "localhost"):
        return False
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name
        return True


def is_outside(path) -> bool:
    if isinstance(path, int) or os.fspath(path) in (os.devnull, os.fsencode(os.devnull)):
        return False
    path = Path(os.fsdecode(path)).resolve()
    return not any(path.is_relative_to(folder) for folder in FOLDERS)


def remote_address(_, address) -> bool:
    return isinstance(address, tuple) and is_remote(address[0])  # a text is a local socket


# event: whether it is refused, from the arguments listed under "Audit events table" in
# Python's documentation
REFUSED = {
    "socket.connect": remote_address,
    "socket.sendto": remote_address,
    "socket.sendmsg": remote_address,
    "socket.getaddrinfo": lambda host, *_: is_remote(host),
    "socket.gethostbyname": lambda host: is_remote(host),
    "urllib.Request": lambda url, *_: is_remote(urlsplit(url).hostname),
    "open": lambda path, mode, flags: flags & WRITES and is_outside(path),
    "os.mkdir": lambda path, *_: is_outside(path),
    "os.remove": lambda path, *_: is_outside(path),
    "os.rename": lambda source, target, *_: is_outside(source) or is_outside(target),
    "os.rmdir": lambda path, *_: is_outside(path),
}


def guard(event, arguments) -> None:
    if event in REFUSED and REFUSED[event](*arguments):
        text = f"a lesson must not do this: {event} {arguments[:2]}"
        with open(FOLDERS[0] / "refused.txt", "a") as file:
            print(text, file=file)
        raise PermissionError(text)


def run_the_real_one() -> None:
    """Python runs the first sitecustomize on the path only: run the one this file hides."""
    here = Path(__file__).parent
    path = [folder for folder in sys.path if Path(folder).resolve() != here.resolve()]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", path)
    if spec and spec.loader:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


run_the_real_one()
sys.modules["rfc3987_syntax"] = None  # tests/conftest.py says why
if "SANDBOX" in os.environ:
    sys.addaudithook(guard)
