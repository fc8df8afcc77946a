"""Runs lessons, several at a time, and keeps what they show for as long as nothing behind it changes."""

import hashlib
import json
import os
import re
import shutil
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
COURSE = ROOT / "course_utils"
LESSONS = COURSE / "lessons"
KEPT = ROOT / "build" / "book" / "executed"


def executed(paths: list[Path]) -> dict[Path, Path]:
    """For every notebook the folder with outputs.json, of its code cells in their order, and films/."""
    folders = {path: KEPT / f"{path.stem}-{digest(path)}" for path in paths}
    to_do = [path for path, folder in folders.items() if not folder.exists()]
    to_do.sort(key=lambda path: path.stat().st_size, reverse=True)  # long ones first
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for line in pool.map(run, to_do, [folders[path] for path in to_do]):
            print(line, flush=True)
    for old in set(KEPT.glob("*")) - set(folders.values()):
        if old.stem.split("-")[0] in {path.stem for path in paths}:
            shutil.rmtree(old)
    return folders


def digest(path: Path) -> str:
    """Of all that decides what the code shows: itself, the pins, the course without other lessons."""
    own = {f"l{path.stem}"}
    while more := {name for lesson in own for name in _lessons_named_in(LESSONS / lesson)} - own:
        own |= more
    files = [ROOT / "requirements.txt"]
    for file in sorted([*COURSE.rglob("*.py"), *COURSE.rglob("*.npz"), *COURSE.rglob("*.pt")]):
        others = file.is_relative_to(LESSONS) and file.parent != LESSONS
        if not others or file.relative_to(LESSONS).parts[0] in own:
            files.append(file)
    cells = nbformat.read(path, as_version=4).cells
    total = hashlib.sha256(repr([c.source for c in cells if c.cell_type == "code"]).encode())
    for file in files:
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()[:16]


def _lessons_named_in(folder: Path) -> set[str]:
    return {
        name
        for file in folder.glob("*.py")
        for name in re.findall(r"course_utils\.lessons\.(l\d\d_\w+)", file.read_text("utf-8"))
    }


def with_outputs(path: Path, folder: Path) -> nbformat.NotebookNode:
    """The notebook as it is now, with what its code has shown: a new text needs no new run."""
    notebook = nbformat.read(path, as_version=4)
    outputs = json.loads((folder / "outputs.json").read_text("utf-8"))
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell, shown in zip(code, outputs, strict=True):
        cell.outputs = nbformat.from_dict(shown)
    return notebook


def run(path: Path, folder: Path) -> str:
    """Execute one notebook into the folder, films and all; says how long it took."""
    start = time.perf_counter()
    draft = folder.with_name(f"{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    (draft / "films").mkdir(parents=True)
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=600,
        resources={"metadata": {"path": path.parent}},
        extra_arguments=["--Application.log_level=ERROR"],  # not that local sockets are unencrypted
    )
    client.execute(env=os.environ | {"EVIDENCE_LADDER_BOOK": str(draft / "films")})
    outputs = [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]
    (draft / "outputs.json").write_text(json.dumps(outputs), "utf-8")
    draft.rename(folder)
    size = sum(file.stat().st_size for file in folder.rglob("*.js")) / 1e6
    return f"{time.perf_counter() - start:5.0f} s, {size:4.1f} MB of films: {path.stem}"
