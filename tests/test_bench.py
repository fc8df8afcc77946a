"""One round of every part of `make bench`, in small, so that it cannot rot."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from bench.__main__ import PARTS
from bench.frames import LESSONS

SMALL = {
    "ppca": {"num_points": 200, "rounds": 1},
    "em": {"num_points": 200, "rounds": 1},
    "em-scaling": {"numbers": (100,), "rounds": 1},
    "vem": {"num_points": 20, "rounds": 1},
    "vem-scaling": {"numbers": (100,), "rounds": 1},
    "vae": {"num_steps": 2, "rounds": 1},
    "flows": {"sizes": ((2, 1),), "num_points": 10, "rounds": 1},
    "planar": {"sizes": ((2, 1),), "num_points": 10, "rounds": 1},
    "frames": {"lessons": LESSONS[1:2], "count": 1},
    "arc": {"num_epochs": 1, "num_steps": 60},
}


@pytest.mark.parametrize("name", PARTS)
def test_a_part_runs(name, capsys):
    PARTS[name](**SMALL[name])
    printed = capsys.readouterr().out
    assert re.search(r"\d (ms|µs|s)\b", printed), printed


def test_an_unknown_part_is_told_which_there_are():
    done = subprocess.run(
        [sys.executable, "-m", "bench", "vaf"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "no part vaf" in done.stderr and all(name in done.stderr for name in PARTS)
