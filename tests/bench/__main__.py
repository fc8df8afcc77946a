"""make bench: every part, and the table into docs; or one part to look at: make bench PART=vae."""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from time import perf_counter

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy and torch are loaded

import pyro
import torch

from bench import (
    autoencoder,
    evidence,
    importance,
    lesson,
    linear,
    planar,
    report,
    simulation,
    start,
    textbook,
    variational,
)
from bench.densities import densities
from bench.maps import KINDS
from bench.rounds import Row

Part = Callable[..., list[Row]]
PARTS: dict[str, Part] = {
    "pca": linear.closed_form,
    "em": linear.by_steps,
    "growth": linear.growth,
    "evidence": evidence.of_ppca,
    "quadrature": evidence.of_a_decoder,
    "vem": variational.epoch,
    "vem-growth": variational.growth,
    "vae": autoencoder.steps,
    "textbook": textbook.to_a_good_elbo,
    **{kind.lower().replace(", ", "-"): partial(densities, kind) for kind in KINDS},
    "planar": planar.planar,
    "iwae": importance.iwae,
    "npe": simulation.npe_of_a_gaussian,
    "imports": start.imports,
    **{f"lesson-{path.stem[:2]}": partial(lesson.lesson, path) for path in lesson.LESSONS},
}


def run(name: str, **sizes) -> list[Row]:
    """A part's rows, on one thread, without the checks that training does not need."""
    torch.set_num_threads(1)
    with pyro.validation_enabled(False):  # which is torch's validation, too
        return [replace(row, part=name) for row in PARTS[name](**sizes)]


def main(names: list[str]) -> None:
    """Run the parts of these names and print them; with none, all, and write docs."""
    if unknown := [name for name in names if name not in PARTS]:
        sys.exit(f"There is no part {', '.join(unknown)}; the parts are {', '.join(PARTS)}.")
    rows: list[Row] = []
    for name in names or PARTS:
        start = perf_counter()
        found = run(name)
        print(
            f"\n[{name}, {perf_counter() - start:.0f} s]\n{report.text(found)}", end="", flush=True
        )
        rows += found
    print("\n".join(["", *(f"! {line}" for line in report.misses(rows))]))
    if not names:
        report.write(rows)


if __name__ == "__main__":
    main(sys.argv[1:])
