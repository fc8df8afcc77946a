"""make bench, or a part of it: make bench PART=vae."""

import sys
from collections.abc import Callable

import torch

from bench.autoencoder import arc, vae_fit
from bench.frames import frames
from bench.linear import em_fit, em_scaling, ppca_fit
from bench.normalizing_flows import all_flows, planar
from bench.variational_em import epoch, scaling

PARTS: dict[str, Callable[..., None]] = {
    "ppca": ppca_fit,
    "em": em_fit,
    "em-scaling": em_scaling,
    "vem": epoch,
    "vem-scaling": scaling,
    "vae": vae_fit,
    "flows": all_flows,
    "planar": planar,
    "frames": frames,
    "arc": arc,
}
TWO_THREADS = {"ppca", "em", "em-scaling"}  # large matrices; the rest are small


def main(names: list[str]) -> None:
    """Run the parts of these names, or all."""
    if unknown := [name for name in names if name not in PARTS]:
        sys.exit(f"There is no part {', '.join(unknown)}; the parts are {', '.join(PARTS)}.")
    for name in names or PARTS:
        torch.set_num_threads(2 if name in TWO_THREADS else 1)
        PARTS[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
