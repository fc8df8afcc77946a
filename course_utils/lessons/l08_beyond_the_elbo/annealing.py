"""4, many small steps: the evidence as an area, and exercises 08.4, 08.5."""

import ipywidgets as widgets
import torch
from torch import Tensor

from course_utils import exact
from course_utils.kit import Exercise, Explorer, Mistake, Option, predict, style
from course_utils.kit.poll import Prediction
from course_utils.lessons.draws import normal
from course_utils.lessons.l08_beyond_the_elbo.cases import standard

TRUTH, BOUND, GAP = (style.ROLES[name] for name in ("truth", "bound", "gap"))
Q = {"far": (2.0, 0.8), "narrow": (0.5, 0.8), "wide": (0.5, 1.2)}


def sums(means: Tensor, betas: Tensor) -> tuple[float, float]:
    """The left and the right Riemann sum of E[log w] over beta: at most, and at least, log p."""
    steps = betas.diff()
    return (means[:-1] * steps).sum().item(), (means[1:] * steps).sum().item()


def exact_states(betas: Tensor, num_chains: int) -> Tensor:
    """Independent draws of every pi_beta between N(0.5, 0.8^2) and N(0, 1), (T + 1, S): what a
    perfectly mixing chain would give."""
    precision = (1 - betas) / 0.64 + betas
    mean = (1 - betas) * 0.5 / 0.64 / precision
    eps = torch.randn(len(betas), num_chains, dtype=torch.float64)
    return mean[:, None] + eps / precision.sqrt()[:, None]


def predict_area() -> Prediction:
    """Ask what the mean of log w does on the way from q to the posterior, then cut the area."""
    question = (
        "The mean of log w = log p(x, z) − log q(z) is the ELBO under q. Replace q, step by step, "
        "by the posterior. That mean …"
    )
    options = [
        Option("stays", False, "Only if q is the posterior: then log w is a constant."),
        Option(
            "rises, from below log p(x) to above it",
            True,
            "From log p − KL(q‖posterior) to log p + KL(posterior‖q); on average it is log p.",
        ),
        Option(
            "rises to log p(x)",
            False,
            "Under the posterior it is above log p(x), by the other KL.",
        ),
    ]
    return predict(question, options, explore_area())


def explore_area() -> Explorer:
    """E[log w] along the path as a curve; T strips below it, T above it."""
    fine = torch.linspace(0, 1, 101, dtype=torch.float64)
    curves = {name: exact.path(*standard(*q), fine) for name, q in Q.items()}
    most = 20

    def scene():
        fig, ax = style.subplots()
        ax.set(xlim=(0, 1), ylim=(-2.6, 4.7), xlabel="inverse temperature β")
        ax.set(ylabel="E[log w], nats", title="log p(x) is the area under a rising curve")
        ax.axhline(0, **TRUTH.line)
        ax.text(0.99, 4.1, "— log p(x) = 0", color=TRUTH.ink, ha="right")
        strips = {}
        for side, role, at in (("low", BOUND, 0.45), ("high", GAP, 0.25)):
            for t in range(most):
                strips[f"{side}_{t}"] = ax.bar(0, 0, 0, align="edge", **role.area, alpha=at)[0]
        return fig, strips | {
            "curve": ax.plot([], [], color=style.INK, linewidth=3)[0],
            "below": ax.text(0.02, 4.1, "", color=BOUND.ink),
            "above": ax.text(0.02, 3.5, "", color=GAP.ink),
        }

    def update(T: int, start: str) -> dict:
        betas = torch.linspace(0, 1, T + 1, dtype=torch.float64)
        means = exact.path(*standard(*Q[start]), betas)
        lower, upper = sums(means, betas)
        frame: dict = {}
        for t in range(most):
            inside = t < T
            left, right = (means[t].item(), means[t + 1].item()) if inside else (0.0, 0.0)
            at, width = (t / T, 1 / T) if inside else (0.0, 0.0)
            frame[f"low_{t}"] = (at, 0, width, left)
            frame[f"high_{t}"] = (at, left, width, right - left)
        return frame | {
            "curve": (fine, curves[start]),
            "below": f"left sum {lower:+.4f}",
            "above": f"right sum {upper:+.4f}",
            "alt": f"E[log w] rises from {curves[start][0]:.3f} under q to {curves[start][-1]:.3f} "
            f"under the posterior, the {start} q being the start. With {T} steps the left sum is "
            f"{lower:+.4f}, the right one {upper:+.4f}, and log p(x), the area, is 0.",
        }

    controls = {
        "T": widgets.IntSlider(value=1, min=1, max=most, description="steps T"),
        "start": widgets.Dropdown(options=list(Q), description="start q"),
    }
    return Explorer(scene, update, controls, [{"T": T, "start": "far"} for T in (1, 4, 20)])


def annealed_log_weight(betas: Tensor, log_joint: Tensor, log_q: Tensor) -> Tensor:
    """betas: (T + 1,). log_joint, log_q: log p(x, z) and log q(z) after t = 0 ... T moves,
    (T + 1, S) -> (S,)."""
    return (betas.diff()[:, None] * (log_joint - log_q)[:-1]).sum(0)


def backward_log_weight(betas: Tensor, log_joint: Tensor, log_q: Tensor) -> Tensor:
    """The same for a chain from a posterior draw (row 0) to q: row t after its t-th move."""
    return (betas.diff().flip(0)[:, None] * (log_joint - log_q)[1:]).sum(0)


_BETAS = torch.linspace(0, 1, 6, dtype=torch.float64) ** 2
_CASES = [
    (_BETAS, 3 * normal(6, 4), normal(6, 4, seed=2)),
    (_BETAS.sqrt()[:4] / 0.6, normal(4, 2, seed=1), normal(4, 2, seed=3)),
]
Exercise(
    "08.4",
    annealed_log_weight,
    cases=_CASES,
    mistakes=[
        Mistake(
            lambda betas, p, q: (betas.diff()[:, None] * (p - q)[1:]).sum(0),
            "Row t has already moved at β_t: it is no draw of the density it is weighed from. "
            "Each step is weighed where the chain stands before it moves.",
        ),
        Mistake(
            lambda betas, p, q: (betas.diff()[:, None] * p[:-1]).sum(0),
            "f_t holds q^(1−β_t), too: as β rises, q's share goes.",
        ),
        Mistake(
            lambda betas, p, q: (betas.diff()[:, None] * (p + q)[:-1]).sum(0),
            "q's power, 1 − β, falls while p's rises: a sign.",
        ),
        Mistake(
            lambda betas, p, q: (betas[1:, None] * (p - q)[:-1]).sum(0),
            "β_t itself, where the ratio f_t / f_(t−1) has left a difference: the factors of all "
            "steps must sum to 1.",
        ),
        Mistake(
            lambda betas, p, q: (betas[:, None] * (p - q)).sum(0),
            "β_t itself at every state, T + 1 of them: there are T ratios f_t / f_(t−1), and each "
            "leaves a difference of two β.",
        ),
        Mistake(
            lambda betas, p, q: (betas.diff()[:, None] * (p - q)[:-1]).mean(0),
            "A product of ratios is a sum of logarithms, not their mean.",
        ),
        Mistake(
            lambda betas, p, q: (betas.diff()[:-1, None] * (p - q)[:-2]).sum(0),
            "The last step, up to β = 1, is missing.",
        ),
        Mistake(
            lambda betas, p, q: torch.trapezoid(p - q, betas, dim=0),
            "The trapezoid is nearer to the area, but E w is then no longer p(x): nothing is "
            "left of the bound.",
        ),
    ],
    nudge="Write log f_t − log f_(t−1) at one z and simplify. Then: T ratios, T + 1 states. Which "
    "state is left over?",
    formula="$$\\log w = \\sum_{t=1}^T (\\beta_t - \\beta_{t-1})"
    "\\,[\\log p(x, z_{t-1}) - \\log q(z_{t-1})]$$",
)
Exercise(
    "08.5",
    backward_log_weight,
    cases=_CASES,
    mistakes=[
        Mistake(
            lambda betas, p, q: (betas.diff().flip(0)[:, None] * (p - q)[:-1]).sum(0),
            "Forwards, the state that follows the last move earns nothing. Read backwards that is "
            "the first: your row 0.",
        ),
        Mistake(
            lambda betas, p, q: (betas.diff()[:, None] * (p - q)[1:]).sum(0),
            "The states are right, the steps are not: this chain begins at β = 1, so its first "
            "step is the last of betas.",
        ),
        Mistake(
            lambda betas, p, q: annealed_log_weight(betas, p, q),
            "This is the forward weight. Here row 0 stands at β = 1.",
        ),
        Mistake(
            lambda betas, p, q: -(betas.diff().flip(0)[:, None] * (p - q)[1:]).sum(0),
            "The sign: asked is the weight of the same path read forwards. Yours is its inverse, "
            "whose mean is 1/p(x).",
        ),
        Mistake(
            lambda betas, p, q: (betas.flip(0)[:-1, None] * (p - q)[1:]).sum(0),
            "β itself in place of its steps: the factors must sum to 1.",
        ),
    ],
    nudge="Name the rows as the forward chain does: row 0 is z_T, row 1 is z_(T−1), the last is z_0. "
    "Then write down the forward weight.",
    formula="$$\\log w = \\sum_{t=1}^T (\\beta_t - \\beta_{t-1})\\,\\ell_{T-t+1},\\qquad "
    "\\ell_r = \\log p(x, z) - \\log q(z)\\ \\text{ in row } r$$",
)
