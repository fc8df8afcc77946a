"""Lesson 10: its own cells at other seeds, and the tables that its last section stores."""

from course_utils.lessons.l10_code_at_work import clusters
from seeds import Claim, Measured
from seeds.notebook import run


def tables(seed: int) -> Measured:
    """Section 8: how far from what its module stores."""
    now, off = clusters.measure(seed), {}
    for name, (means, full) in clusters.AGREEMENT.items():
        off[f"k-means, {name}: off"] = now[f"k-means: {name}"] - means[seed - 1]
        off[f"Gaussians, {name}: off"] = now[f"Gaussians: {name}"] - full[seed - 1]
    (evidence, _), (with_parts, index) = clusters.PRIORS.values()
    off["N(0, I), evidence: off"] = now["N(0, I): evidence"] - evidence[seed - 1]
    off["mixture, evidence: off"] = now["mixture: evidence"] - with_parts[seed - 1]
    off["mixture, index: off"] = now["mixture: parts"] - index[seed - 1]
    return off


def measure(seed: int) -> Measured:
    """The notebook's cells with another seed, and the tables."""
    left = run("10_code_at_work", seed)
    found = {f"error: {name}": value for name, value in left["error"].items()}
    found |= {f"nats: {name}": value.mean().item() for name, value in left["details"].items()}
    found |= {f"one bar: {name}": value.mean().item() for name, value in left["one_bar"].items()}
    found |= {f"cleaned: {name}": left["left"][name] for name in ("PPCA", "network", "fog")}
    nats = left["on_the_way"].mean(0)
    return (
        found
        | {
            "false claims": left["false"],
            "arc: off the posterior mean": left["off_small"].item(),
            "draw over mean, own data": (left["of_draw"] / left["of_mean"]).item(),
            "VAE: draw over mean": left["draw"]["VAE, H = 2"] / left["error"]["VAE, H = 2"],
            "fog, 0.14: draw over mean": left["draw"]["fog, 0.14"] / left["error"]["fog, 0.14"],
            "learnt arc: length": left["learnt_length"].item(),
            "lost straight in x": (nats[0] - nats[2]).item(),
            "gained by the shortest, at most": (left["short"] - left["in_z"]).abs().max().item(),
            "length saved": left["saved"].mean().item(),
        }
        | tables(seed)
    )


NEAR = "0, but for rounding, which another machine does otherwise"
CLAIMS = [
    Claim("false claims", "none", lambda v: v == 0),
    Claim("arc: off the posterior mean", "below 0.05", lambda v: v < 0.05),
    Claim("draw over mean, own data", "2, within 3 %", lambda v: abs(v - 2) < 0.06),
    Claim("error: network", "below the thick fog's", lambda v: v < 0.85),
    Claim("one bar: network", "above the thin fog's, below PPCA's", lambda v: 28.1 < v < 32.8),
    Claim("nats: network", "above the regression's with its covariance", lambda v: v > 40),
    Claim("error: VAE, H = 2", "near PPCA's", lambda v: 1.3 < v < 1.6),
    Claim("nats: VAE, H = 2", "below the thin fog's", lambda v: v < 24),
    Claim("VAE: draw over mean", "about 2", lambda v: 1.9 < v < 2.2),
    Claim("fog, 0.14: draw over mean", "about 2.2", lambda v: 2.1 < v < 2.3),
    Claim("cleaned: PPCA", "about 1.95", lambda v: 1.85 < v < 2.05),
    Claim("cleaned: network", "a fifth below PPCA's", lambda v: v < 1.6),
    Claim("cleaned: fog", "below the network's", lambda v: v < 1.45),
    Claim("learnt arc: length", "2, within a tenth", lambda v: abs(v - 2) < 0.2),
    Claim("lost straight in x", "over 3 nats", lambda v: v > 3),
    Claim("gained by the shortest, at most", "less than a nat", lambda v: v < 1),
    Claim("length saved", "0 to 15 %", lambda v: 0 < v < 0.15),
    *(
        Claim(f"{method}, {name}: off", NEAR, lambda v: abs(v) < 0.06)
        for method in ("k-means", "Gaussians")
        for name in clusters.AGREEMENT
    ),
    *(
        Claim(f"{name}, evidence: off", NEAR, lambda v: abs(v) < 0.5)
        for name in ("N(0, I)", "mixture")
    ),
    Claim("mixture, index: off", NEAR, lambda v: abs(v) < 0.06),
]
