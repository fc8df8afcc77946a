"""What an import takes, in a process of its own."""

import re
import subprocess
import sys
from collections.abc import Iterable
from importlib.util import find_spec

from bench.rounds import Measure, Row, measured

IMPORTS = {
    "torch alone": "torch",
    "course_utils, the spine": "course_utils.vae, course_utils.em, course_utils.pca",
    "course_utils with flows and the kit": "course_utils.flows, course_utils.vae, course_utils.kit",
    "scikit-learn's decomposition": "sklearn.decomposition",
    "zuko": "zuko",
    "Pyro": "pyro",
    "normflows": "normflows",
    "sbi": "sbi.inference",
}


def imports(rounds: int = 2, names: Iterable[str] = IMPORTS) -> list[Row]:
    """In turn, round by round."""
    times: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for name, values in times.items():
            if find_spec(re.split("[.,]", IMPORTS[name])[0]):
                values.append(seconds_of(f"import {IMPORTS[name]}"))
    return [
        measured(f"import {name}", values, "s") if values else Measure(f"import {name}", None, "s")
        for name, values in times.items()
    ]


def seconds_of(code: str) -> float:
    """Of the processor, in a new one that runs the code."""
    code = f"{code}\nimport time; print(time.process_time())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout.splitlines()[-1])
