"""What the processes of one home use: Linux only, from /proc."""

import os
from pathlib import Path

TICK, PAGE_KB = os.sysconf("SC_CLK_TCK"), 1024


def processes(home: Path) -> list[int]:
    """The processes whose home is this folder or lies in it."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                environment = (entry / "environ").read_bytes().split(b"\0")
            except OSError:  # gone, or another's
                continue
            homes = [Path(os.fsdecode(it[5:])) for it in environment if it.startswith(b"HOME=")]
            if homes and homes[0].is_relative_to(home):
                found.append(int(entry.name))
    return found


def sample(home: Path) -> dict[str, float]:
    """Megabytes (pss: a page that n processes share counts 1/n; rss: in full) and CPU seconds."""
    total = {"pss": 0.0, "rss": 0.0, "cpu": 0.0}
    for pid in processes(home):
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        for line in rollup:
            key = line.partition(":")[0].lower()
            if key in ("pss", "rss"):
                total[key] += int(line.split()[1]) * 1024 / 1e6
        total["cpu"] += (int(fields[11]) + int(fields[12])) / TICK
    return total
