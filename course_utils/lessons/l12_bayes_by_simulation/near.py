"""5, near enough: rejection by distance, beside the exact posterior; and exercise 12.4."""

from collections.abc import Sequence

import ipywidgets as widgets
import torch
from torch import Tensor
from torch.distributions import MultivariateNormal

from course_utils.kit import Exercise, Explorer, Mistake, Option, predict, style
from course_utils.kit.poll import Prediction
from course_utils.lessons.draws import normal
from course_utils.lessons.l12_bayes_by_simulation.world import (
    MODEL,
    draw_exact,
    pairs,
    series,
    shown,
    summarised,
)
from course_utils.simulators import npe, rejection
from course_utils.simulators.ricker import Exact

TRUTH, SIMULATED = style.ROLES["truth"], style.ROLES["model"]
POOL = 50_000


def as_gaussian(cloud: Tensor, weight: Tensor | None = None) -> MultivariateNormal:
    """The Gaussian with the mean and covariance of a cloud (A, 2); all weigh the same if None."""
    cloud = cloud.double()
    weight = torch.ones_like(cloud[:, 0]) if weight is None else weight
    mean = weight @ cloud / weight.sum()
    return MultivariateNormal(mean, torch.cov(cloud.T, aweights=weight))


def one(exact: Exact, n: int) -> Exact:
    """The exact posterior of series n alone."""
    return Exact(
        exact.z[n : n + 1],
        exact.mass[n : n + 1],
        exact.log_density[n : n + 1],
        exact.log_evidence[n : n + 1],
        exact.shape,
    )


def gaps_of(clouds: Sequence[Tensor | rejection.Adjusted]) -> Tensor:
    """KL(p || the cloud's Gaussian) of the first series, one cloud each, with weights or without."""
    exact, found = series()[2], []
    for n, cloud in enumerate(clouds):
        q = as_gaussian(cloud) if isinstance(cloud, Tensor) else as_gaussian(*cloud)
        found.append(npe.gap(q.log_prob(exact.z[n])[None], one(exact, n)))
    return torch.cat(found)


def predict_more() -> Prediction:
    """Ask what more summaries do to plain ABC; then move the number of simulations kept."""
    question = (
        "ABC keeps the 200 nearest of 50 000 simulations. To the two summaries come eleven more, "
        "which makes Wood's thirteen: they say more about θ. Its distance from the exact posterior, "
        "in nats, on average …"
    )
    options = [
        Option("falls: more is known", False, "It is, by a method that can be as near in all 13."),
        Option("stays: the best 200 are the best 200", False, "Nearest in what space?"),
        Option(
            "rises: 200 neighbours in 13 dimensions are far",
            True,
            "The same share of the simulations reaches much further out when there are more axes.",
        ),
    ]
    return predict(question, options, explore_near())


def explore_near() -> Explorer:
    """The accepted cloud against the exact contours, by how many are kept and by the summaries."""
    z, _ = pairs()
    _, _, exact = series()

    def scene():
        fig, ax = style.subplots(width=8)
        cloud = ax.scatter([], [], s=26, color=SIMULATED.color, alpha=0.5, linewidths=0)
        draw_exact(ax, exact, shown())
        ax.set(xlim=(3.0, 4.6), ylim=(1.6, 3.1), xlabel="log r", ylabel="log φ")
        ax.set_title("What is near enough, and what is true")
        ax.text(3.03, 2.98, "— exact", color=TRUTH.ink)
        ax.text(3.03, 2.86, "● kept (up to 400 of them)", color=SIMULATED.ink)
        return fig, {"cloud": cloud, "words": ax.text(4.58, 2.86, "", ha="right", va="bottom")}

    def update(kept: float, summaries: str) -> dict:
        number = round(kept)
        s, observed = summarised(summaries)
        near = rejection.accept(s, observed[shown()], number)
        log_q = as_gaussian(z[near]).log_prob(exact.z[shown()])[None]
        gap = npe.gap(log_q, one(exact, shown())).item()
        each = POOL // number
        return {
            "cloud": MODEL.theta(z[near[:: -(-number // 400)]]).numpy(),  # a sample of the cloud
            "words": f"{each} simulations for each kept\n{gap:.2f} nats from exact",
            "alt": f"{number} of 50 000 simulations kept by {summaries} summaries, {each} simulated "
            f"for each. Their Gaussian is {gap:.2f} nats from the exact posterior, a narrow tilted "
            "ellipse.",
        }

    controls = {
        "kept": widgets.FloatLogSlider(
            value=200, base=200, min=0.8, max=1.8, step=0.1, description="simulations kept"
        ),
        "summaries": widgets.Dropdown(
            value="two", options=["two", "Wood"], description="summaries"
        ),
    }
    strip = [{"kept": 200.0**1.6}, {"kept": 200.0}, {"kept": 200.0, "summaries": "Wood"}]
    return Explorer(scene, update, controls, strip)


def accept(s: Tensor, observed: Tensor, num_accepted: int) -> Tensor:
    """True for the simulations nearest to the observed summaries, in units of their spread."""
    distance = ((s - observed) / s.std(0)).square().sum(1)
    kept = torch.zeros(len(s), dtype=torch.bool)
    kept[distance.argsort()[:num_accepted]] = True
    return kept


def _by(distance):
    def answer(s: Tensor, observed: Tensor, num_accepted: int) -> Tensor:
        kept = torch.zeros(len(s), dtype=torch.bool)
        kept[distance(s, observed).argsort()[:num_accepted]] = True
        return kept

    return answer


def _case(seed: int, num: int, kept: int) -> tuple:
    scale, middle = torch.tensor([[20.0, 0.1, 1.0], [50.0, 0.2, 3.0]]).double()

    def summaries(z: Tensor) -> Tensor:
        """Of three shapes, so that no other measure of spread has the ratios of the standard one."""
        columns = z[..., 0], (2 * z[..., 1]).exp(), z[..., 2].clamp(-0.5, 0.5)
        return torch.stack(columns, -1) * scale + middle

    return summaries(normal(num, 3, seed=seed)), summaries(normal(3, seed=seed + 9)), kept


Exercise(
    "12.4",
    accept,
    cases=[_case(0, 60, 12), _case(1, 40, 5)],
    mistakes=[
        Mistake(
            _by(lambda s, o: (s - o).square().sum(1)),
            "Unscaled: a summary that is counted in hundreds decides alone.",
        ),
        Mistake(
            _by(lambda s, o: -((s - o) / s.std(0)).square().sum(1)),
            "These are the farthest. Smallest distances first.",
        ),
        Mistake(
            _by(lambda s, o: ((s - o) / s.var(0)).square().sum(1)),
            "Divided by the variance: its unit is that of s². Divide by the standard deviation.",
        ),
        Mistake(
            _by(lambda s, o: ((s - o) / (s.amax(0) - s.amin(0))).square().sum(1)),
            "Divided by the range, which two simulations decide. Divide by the standard deviation.",
        ),
        Mistake(
            _by(lambda s, o: ((s - o) / o).square().sum(1)),
            "Divided by the observed value, which may be near 0. The spread is that over simulations.",
        ),
        Mistake(
            _by(lambda s, o: ((s - o) / s.std(0)).sum(1).abs()),
            "Differences of opposite sign cancel: square them first.",
        ),
        Mistake(
            _by(lambda s, o: ((s - o) / s.std(0)).abs().sum(1)),
            "Sizes are added; Euclid's distance adds squares.",
        ),
        Mistake(
            lambda s, observed, num_accepted: (
                ((s - observed) / s.std(0)).square().sum(1).argsort()[:num_accepted]
            ),
            "Those are the indices; asked is True or False for every simulation.",
        ),
        Mistake(
            lambda s, observed, num_accepted: (
                ((s - observed) / s.std(0)).square().sum(1) < num_accepted
            ),
            "num_accepted is how many to keep, not a distance.",
        ),
    ],
    nudge="One distance a simulation, then the smallest of them. In which unit does each summary "
    "count?",
    formula="$d_m^2=\\sum_c\\big((s_{mc}-s_{oc})/\\mathrm{sd}_c\\big)^2$; order them, mark the first.",
)
