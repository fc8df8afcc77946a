"""`make bench` in small, one round of every part, so that it cannot rot; and its report."""

import json
import re
from importlib.util import find_spec
from pathlib import Path

import nbformat
import pytest
from bench import report, rounds
from bench.__main__ import PARTS, main, run
from bench.lesson import LESSONS
from bench.lesson import lesson as measure
from bench.rounds import Contender, Growth, Measure, Race, grow, measured, race, seconds

ROOT = Path(__file__).parents[1]
FLOW = {"sizes": ((2, 1),), "num_points": 20, "num_steps": 2, "rounds": 1}
SMALL = {
    "pca": {"num_points": 200, "rounds": 1},
    "em": {"num_points": 200, "num_steps": 2, "enough": 3, "rounds": 1},
    "growth": {"numbers": (100, 200), "dims": (9, 12), "latents": (2, 4), "rounds": 1},
    "evidence": {"num_points": 200, "rounds": 1},
    "quadrature": {"num_points": 10, "rounds": 1},
    "vem": {"num_points": 20, "enough": 2, "rounds": 1},
    "vem-growth": {"numbers": (100, 200), "rounds": 1},
    "vae": {"num_steps": 2, "rounds": 1},
    "textbook": {"most_steps": 25, "rounds": 1},
    "maf": FLOW,
    "nsf": FLOW,
    "realnvp": FLOW,
    "nsf-couplings": FLOW,
    "planar": FLOW,
    "iwae": {"num_importance": 2, "num_steps": 2, "rounds": 1},
    "npe": {"num_pairs": 300, "num_epochs": 2, "rounds": 1},
    "imports": {"rounds": 1, "names": ("torch alone", "sbi")},
}


@pytest.mark.parametrize("name", [name for name in PARTS if not name.startswith("lesson")])
def test_a_part_runs(name):
    rows = run(name, **SMALL[name])
    assert rows and all(row.part == name for row in rows)
    for row in rows:
        if isinstance(row, Race):
            package = row.rival.split()[0]
            there = package not in ("normflows", "sbi") or find_spec(package) is not None
            assert (row.ratio is not None) == there
            assert row.seconds > 0 and row.error == row.error  # no NaN
    assert "nan" not in report.text(rows)


def test_a_lesson_is_measured(tmp_path):
    [lesson] = (path for path in LESSONS if path.stem.startswith("02_"))
    notebook = nbformat.read(lesson, 4)
    shows = [i for i, cell in enumerate(notebook.cells) if "lesson.explore" in cell.source]
    notebook.cells = notebook.cells[: shows[0] + 1]  # a short one
    nbformat.write(notebook, tmp_path / lesson.name)
    work, memory, *frames = measure(tmp_path / lesson.name, count=1)
    assert work.unit == "CPU s" and 1 < work.value < 100
    assert memory.unit == "MB at most" and 100 < memory.value < 10_000
    assert frames and all(row.limit == 16 and row.value > 0 for row in frames)


def test_an_unknown_part_is_told_which_there_are():
    with pytest.raises(SystemExit, match=f"no part vaf; the parts are {', '.join(PARTS)}"):
        main(["vaf"])


# --- rounds --------------------------------------------------------------------------------------


def busy(count: int):
    def work() -> int:
        return sum(range(count))

    return lambda: work


def test_a_race_gives_medians_ratios_and_errors():
    [row] = race(
        "sums",
        Contender("ours", busy(100_000)),
        Contender("theirs", busy(400_000)),
        truth="size",
        judge=lambda total: total / 1e9,
        rounds=5,
    )
    assert 0.1 < row.ratio < 0.6 and row.quartiles[0] <= row.ratio <= row.quartiles[1]
    assert row.error < row.their_error and report.nearness(row) == "nearer"


def test_contenders_take_turns_from_equal_seeds():
    order = []

    def start(name: str):
        def prepare():
            seed = rounds.torch.initial_seed()
            return lambda: order.append((name, seed)) or 0

        return prepare

    race(
        "turns",
        Contender("a", start("a")),
        Contender("b", start("b")),
        truth="",
        judge=lambda _: 0.0,
        rounds=2,
    )
    assert order == [("a", 0), ("b", 0), ("b", 1), ("a", 1), ("a", 2), ("b", 2)]


def test_a_rival_that_is_not_installed_is_named():
    rows = race(
        "sums",
        Contender("ours", busy(10)),
        Contender("other", busy(10), package="no_such_package"),
        truth="size",
        judge=float,
        rounds=1,
    )
    assert rows[0].ratio is None
    assert re.search(r"other +\S+ (s|ms|µs) +not installed", report.text(rows))
    assert not report.misses(rows)


def test_a_rival_that_learns_nothing_has_no_error():
    [row] = race(
        "sums",
        Contender("ours", busy(10)),
        Contender("idle", lambda: lambda: None),
        truth="size",
        judge=float,
        rounds=1,
    )
    assert row.ratio > 0 and row.their_error is None and report.nearness(row) == ""


def test_what_is_off_the_clock_does_not_count():
    def call() -> None:
        with rounds.off_the_clock():
            busy(3_000_000)()()

    assert seconds(call)[0] < seconds(busy(3_000_000)())[0] / 5


def test_slopes_are_fitted():
    row = grow("sums", "N", (100_000, 1_000_000), lambda n: {"ours": busy(n)()}, 3)
    assert row.slopes["ours"] == pytest.approx(1, abs=0.3)


# --- report --------------------------------------------------------------------------------------

BASE = Race("fit", "rival", 1.0, 2.0, 0.5, (0.4, 0.6), 1.0, "nats", 0.1, 0.1, 3, "plainly", "fits")
SLOW = Race("fit", "other", 3.0, 2.0, 1.5, (1.4, 1.6), 1.0, "nats", 0.3, 0.1, 3, "", "fits")
ROWS = [
    BASE,
    SLOW,
    Growth(
        "fit", "N", [1, 10], {"ours": [1.0, 10.0], "rival": [2.0, 4.0]}, {"ours": 1, "rival": 0.3}
    ),
    measured("frame", [10.0, 20.0, 30.0], "ms", 16),
    Measure("notebook", 12.0, "CPU s", limit=30),
]


def test_what_is_slower_or_further_is_said():
    slow, far, late = report.misses(ROWS)
    assert "slower than other" in slow and "1.5 [1.4, 1.6]" in slow
    assert "further from the truth than other, 0.3 beside 0.1" in far
    assert "frame: 20.0 ms, limit 16" in late


@pytest.mark.parametrize(
    ("value", "said"),
    [(2.5, "2.50 s"), (0.0123, "12.3 ms"), (4.56e-5, "45.6 µs"), (312.0, "312 s")],
)
def test_durations_have_a_unit(value, said):
    assert report.duration(value) == said


def test_all_four_are_written_at_once(tmp_path):
    report.write(ROWS, tmp_path)
    found = json.loads((tmp_path / "benchmarks.json").read_text("utf-8"))
    assert [row["rival"] for row in found["race"]] == ["rival", "other"]
    assert found["growth"][0]["slopes"]["ours"] == 1 and len(found["measure"]) == 2
    assert (tmp_path / "benchmarks.png").read_bytes()[:4] == b"\x89PNG"
    assert "0.5 [0.4, 0.6]" in (tmp_path / "benchmarks.txt").read_text("utf-8")
    page = (tmp_path / "benchmarks.md").read_text("utf-8")
    assert "| rival | 1.00 s | 2.00 s | 0.5 [0.4, 0.6] | 1 | met |" in page
    assert "rival: plainly" in page and page.count(report.BEGIN) == 1
    alt = re.search(r"!\[(.*)\]\(benchmarks.png\)", page)[1]
    assert "1 are below one" in alt and "fit beside other" in alt


def test_no_number_of_the_page_is_typed_by_hand():
    source = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    before, _, rest = source.partition(report.BEGIN)
    by_hand = before + rest.partition(report.END)[2]
    assert report.END in rest and not re.search(r"\d", by_hand)
