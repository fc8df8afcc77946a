"""JupyterLab, or a lesson as live slides: python classroom lab, python classroom lecture 01.

Further arguments go to Jupyter: --no-browser, --port=9000.
"""

import contextlib
import io
import os
import secrets
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CONFIG = ROOT / "classroom" / "config"


def lab(*arguments: str) -> None:
    """The course's folder in JupyterLab, with the first lesson open."""
    others = os.environ.get("JUPYTER_CONFIG_PATH")
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(
        [str(CONFIG), *([others] if others else [])]
    )
    from jupyterlab.labapp import LabApp  # reads the environment

    serve(LabApp, ROOT, f"/lab/tree/notebooks/{lesson('00')}", {}, arguments)


def lecture(number: str, *arguments: str) -> None:
    """A copy of the lessons in the classic notebook, which runs all cells and starts the slides."""
    name, copy = lesson(number), ROOT / "build" / "lecture" / number
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(ROOT / "notebooks", copy / "notebooks")
    shutil.copytree(CONFIG, copy / "config")  # Jupyter writes there
    os.environ["JUPYTER_CONFIG_DIR"] = str(copy / "config")
    os.environ["EVIDENCE_LADDER_LECTURE"] = "1"  # a claim that fails shows it, and does not stop
    from nbclassic.notebookapp import NotebookApp  # reads the environment

    shim = {"notebook_shim": True}  # finds the settings of RISE and the widgets
    options = ["--NotebookApp.show_banner=False", *arguments]
    serve(NotebookApp, copy / "notebooks", f"/nbclassic/notebooks/{name}", shim, options)


def lesson(number: str) -> str:
    """The file of a lesson."""
    files = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
    for file in files:
        if file.startswith(f"{number}_"):
            return file
    sys.exit(f"There is no lesson {number}, only {', '.join(file[:2] for file in files)}.")


def serve(app: type, folder: Path, address: str, extensions: dict, arguments: list[str]) -> None:
    """Run a Jupyter server with no other extensions; say where it is, and how to stop it."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # the Makefile says why
    app.serverapp_config = {**app.serverapp_config, "jpserver_extensions": extensions}
    token = secrets.token_hex(16)  # given rather than generated, it is not logged in eight lines
    options = {
        f"{app.__name__}.default_url": address,
        "ServerApp.root_dir": folder,
        "Application.log_level": "CRITICAL",
        "KernelManager.transport_encryption": "auto",  # without, each kernel warns of it
        "ServerApp.allow_root": True,  # in a container one often is
        "ServerApp.answer_yes": True,  # one Ctrl+C stops
        "IdentityProvider.token": token,
    }
    given = [f"--{name}={value}" for name, value in options.items()]
    with contextlib.redirect_stdout(io.StringIO()):  # nbclassic advertises its successor
        server = app.initialize_server([*given, *arguments])
    url = f"{server.connection_url.rstrip('/')}{address}?token={token}"
    line = f"Open {url} in a browser; Ctrl+C here stops it."
    server.io_loop.add_callback(print, line, flush=True)  # after it has opened its port there
    server.start()
    # Stopped. A thread that the server keeps for reading files may still wait for work, and then
    # Python would wait for the thread, for ever.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["lab", *arguments]:
            lab(*arguments)
        case ["lecture", number, *arguments]:
            lecture(number, *arguments)
        case _:
            sys.exit(__doc__)
