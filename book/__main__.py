"""The web book: python book executes the lessons and writes build/site.

What has not changed is kept. With numbers, python book 02 05, only those lessons.
"""

import hashlib
import subprocess
import sys

import pages
from execute import ROOT, executed

SITE = ROOT / "build" / "site"


def main(*numbers: str) -> int:
    """Execute, lay out, and let Sphinx write."""
    lessons = sorted((ROOT / "notebooks").glob("*.ipynb"))
    if numbers:
        lessons = [path for path in lessons if path.stem[:2] in numbers]
    pages.lay_out(executed(lessons))
    for folder in ("films", "thumbnails"):  # Sphinx copies them, and never takes one away
        for old in (SITE / "_static" / folder).glob("*"):
            if not (pages.STATIC / folder / old.name).exists():
                old.unlink()
    command = [sys.executable, "-m", "sphinx", "-q", "-j", "auto"]
    command += [] if numbers else ["-W", "--keep-going"]  # of a part, some links lead nowhere
    command += ["-c", ROOT / "book", "-d", pages.BOOK / "doctrees", pages.SOURCE, SITE]
    # Sphinx does not see that what makes the pages has changed, and warns of a page only once.
    makers = sorted([*(ROOT / "book").iterdir(), ROOT / "requirements-book.txt"])
    made_by = hashlib.sha256(b"".join(file.read_bytes() for file in makers if file.is_file()))
    stamp = pages.BOOK / "made_by.txt"
    if not stamp.exists() or stamp.read_text() != made_by.hexdigest():
        command += ["-E", "-a"]
    stamp.unlink(missing_ok=True)
    status = subprocess.run(command).returncode
    if status == 0:
        stamp.write_text(made_by.hexdigest())
        print(f"The book is {SITE / 'index.html'}")
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
