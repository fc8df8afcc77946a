"""The table: quantity, what the lesson says, its range over the seeds, at how many it holds."""

import importlib
import sys
from pathlib import Path

import torch

LESSONS = sorted(path.stem for path in Path(__file__).parent.glob("lesson_*.py"))


def report(name: str, seeds: range) -> None:
    """Print one lesson's table."""
    lesson = importlib.import_module(f"seeds.{name}")
    runs = []
    for seed in seeds:
        torch.manual_seed(seed)
        runs.append(lesson.measure(seed))
    print(f"\n{name}, seeds {seeds.start} to {seeds.stop - 1}")
    for claim in lesson.CLAIMS:
        values = [run[claim.quantity] for run in runs]
        true = sum(map(claim.holds, values))
        low, high = (f"{value:.4g}" for value in (min(values), max(values)))
        print(
            f"  {claim.quantity}: {claim.says}; {low} to {high}; at {true} of {len(values)} seeds"
        )


if __name__ == "__main__":
    torch.set_num_threads(1)
    wanted = [f"lesson_{number}" for number in sys.argv[1].split()] if sys.argv[1:] else LESSONS
    for name in wanted:
        report(name, range(1, 6))
