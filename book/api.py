"""The reference: a page for every module of the maths and of the kit, from their docstrings."""

import re
from pathlib import Path

from execute import COURSE


def pages() -> dict[str, str]:
    """Name: reStructuredText."""
    tops = sorted(path for path in COURSE.iterdir() if path.suffix == ".py" or path.is_dir())
    names = [p.stem for p in tops if not p.stem.startswith("_") and p.name != "lessons"]
    index = [
        "Reference",
        "=========",
        "",
        "What the lessons call: the maths, and the kit.",
        "",
        ".. toctree::",
        "   :maxdepth: 1",
        "",
        *(f"   {name}" for name in names),
        "",
    ]
    return {name: _page(COURSE / name) for name in names} | {"index": "\n".join(index)}


def _page(path: Path) -> str:
    """A module, or a package and its modules."""
    text = _heading(path.name, "=") + _automodule(
        f"course_utils.{path.name}", members=not path.is_dir()
    )
    for module in sorted(path.glob("*.py")):
        if module.stem != "__init__":
            name = f"course_utils.{path.name}.{module.stem}"
            text += _heading(f"{path.name}.{module.stem}", "-") + _automodule(name, members=True)
    return text


def _heading(title: str, line: str) -> str:
    return f"{title}\n{line * len(title)}\n\n"


def _automodule(name: str, members: bool) -> str:
    return f".. automodule:: {name}\n" + ("   :members:\n\n" if members else "\n")


def docstring(lines: list[str]) -> list[str]:
    """Plain text with equations as reStructuredText: nothing in it is markup but `code`.

    A paragraph with a line that is indented, or with two spaces inside, is laid out on purpose.
    """
    out: list[str] = []
    for paragraph in re.split(r"\n\s*\n", "\n".join(lines).strip("\n")):
        if re.search(r"(?m)^ |\S  +\S", paragraph):
            out += ["::", "", *(f"   {line}" for line in paragraph.splitlines()), ""]
        else:
            parts = re.split(r"`([^`]+)`", paragraph)
            plain = [re.sub(r"([\\*_|<>`])", r"\\\1", part) for part in parts[::2]]
            code = [f"``{part}``" for part in parts[1::2]] + [""]
            out += ["".join(a + b for a, b in zip(plain, code, strict=True)), ""]
    return "\n".join(out).splitlines()
