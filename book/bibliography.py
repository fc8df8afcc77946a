"""One bibliography from what the lessons say under "Further reading"."""

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import nbformat

# Authors, then the title (quoted, or a book's in italics), then where and when, then a remark.
WORK = re.compile(
    r'(?P<authors>.+?), (?P<title>"[^"]+"|\*[^*]+\*),? '
    r"(?P<where>.*?\b(?:19|20)\d\d\b(?!\.\d)(?:, \d+–\d+)?)(?P<remark>.*)",
    re.DOTALL,
)
ANOTHER = re.compile(r"; (?=[A-Z]\. [\w., -]+, \")")  # two works in one entry


@dataclass(frozen=True)
class Work:
    """A book or an article, as one lesson cites it."""

    authors: str
    title: str
    where: str
    remark: str

    @property
    def key(self) -> str:
        """The same in every lesson that cites it."""
        return re.sub(r"\W+", " ", self.title).strip().lower()

    @property
    def surname(self) -> str:
        """Of the first author."""
        return re.split(r", | and | et al", self.authors)[0].split()[-1]


def works(notebook: nbformat.NotebookNode) -> list[Work]:
    """What a lesson cites: the lists from "Further reading" on."""
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    [start] = [i for i, text in enumerate(texts) if re.match("#+ Further reading", text)]
    entries = [
        work
        for text in texts[start:]
        for entry in re.findall(r"(?ms)^- (.*?)(?=\n- |\n\n|\Z)", text)
        for work in ANOTHER.split(" ".join(entry.split()))
    ]
    return [read(entry) for entry in entries]


def read(entry: str) -> Work:
    """An entry as the lessons write it: authors, "title", *journal*, year, pages: a remark."""
    found = WORK.fullmatch(entry)
    if found is None:
        raise ValueError(f"not as the other entries of Further reading: {entry}")
    remark = found["remark"].strip(" .:,;").removeprefix("(").removesuffix(")")
    return Work(found["authors"], found["title"], found["where"], remark)


def page(lessons: dict[Path, nbformat.NotebookNode]) -> str:
    """All works in the order of their authors, each with the lessons that cite it."""
    cited = defaultdict(list)
    for path, notebook in lessons.items():
        for work in works(notebook):
            cited[work.key].append((path, work))
    lines = ["# Bibliography", "", "What the lessons cite, and where.", ""]
    for found in sorted(
        cited.values(), key=lambda f: (f[0][1].surname.lower(), f[0][1].where[-4:])
    ):
        # Where one lesson shortens a name, another gives it whole.
        authors = max((work.authors for _, work in found), key=lambda a: ("et al" not in a, len(a)))
        where = max((work.where for _, work in found), key=len)
        links = "; ".join(
            f"[{path.stem[:2]}](../notebooks/{path.name})"
            + (f", {work.remark}" if work.remark else "")
            for path, work in found
        )
        lines.append(f"- {authors}, {found[0][1].title}, {where}. →\N{NO-BREAK SPACE}{links}")
    return "\n".join(lines) + "\n"
