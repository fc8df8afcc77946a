"""One round of every part of `make bench`, in small, so that it cannot rot."""

import re

import pytest
from bench.__main__ import PARTS, main
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
    "frames": {"lessons": LESSONS[2:3], "count": 1},
    "arc": {"num_epochs": 1, "num_steps": 60},
}


@pytest.mark.parametrize("name", PARTS)
def test_a_part_runs(name, capsys):
    PARTS[name](**SMALL[name])
    printed = capsys.readouterr().out
    assert re.search(r"\d (ms|µs|s)\b", printed), printed


def test_an_unknown_part_is_told_which_there_are():
    with pytest.raises(SystemExit, match=f"no part vaf; the parts are {', '.join(PARTS)}"):
        main(["vaf"])
