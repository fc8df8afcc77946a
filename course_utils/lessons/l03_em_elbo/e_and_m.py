"""Section 3, E and M: what each of the two steps raises, one at a time."""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.distributions import MultivariateNormal

from course_utils import em
from course_utils.kit import Buttons, Exercise, Explorer, Mistake, Option, Poll, predict, style
from course_utils.kit.poll import Prediction
from course_utils.lessons.draws import normal
from course_utils.ppca import PPCA

TRUTH, BOUND, GAP = (style.ROLES[role] for role in ("truth", "bound", "gap"))


def stepper_data() -> Tensor:
    """Sixty points in the plane, one long axis. (60, 2)"""
    generator = torch.Generator().manual_seed(1)
    z = torch.randn(60, 2, generator=generator, dtype=torch.float64)
    return z @ torch.tensor([[1.6, 1.2], [-0.3, 0.4]], dtype=torch.float64)


@lru_cache(maxsize=4096)
def _after(moves: str) -> tuple[em.Model, em.Posterior]:
    """Model and q after a string of E and M."""
    x = stepper_data()
    if not moves:
        start = PPCA(torch.tensor([[0.3], [-1.0]]).double(), x.mean(0), 0.7)
        return start, MultivariateNormal(torch.zeros(60, 1).double(), torch.eye(1).double())
    model, q = _after(moves[:-1])
    if moves[-1] == "E":
        return model, em.e_step(model, x)
    return em.m_step(x, q), q


def predict_steps() -> Prediction:
    """Ask what the E-step does to the likelihood, then press the buttons."""
    question = "The E-step increases the log-likelihood log p(X | θ) …"
    options = [
        Option("always", False, "It changes q only, and log p(X | θ) does not contain q."),
        Option("sometimes", False, "It changes q only, and log p(X | θ) does not contain q."),
        Option(
            "never",
            True,
            "It moves the divider between ELBO and KL up to the top. The top itself "
            "is raised by the M-step alone.",
        ),
    ]
    return predict(question, options, explore_steps())


def explore_steps() -> Explorer:
    """The stacked bar evidence = ELBO + KL, and its history, under E and M in any order."""
    x, low, high, most = stepper_data(), -7.0, -2.4, 16

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1, 1.5])
        left.set(xlim=(-0.7, 1.6), ylim=(low, high), xticks=[], ylabel="nats per point")
        left.set_title("log p = ELBO + KL")
        right.set(xlim=(0, most), ylim=(low, high), xlabel="steps taken")
        right.set_title("E closes the gap, M lifts the top")
        return fig, {
            "elbo": left.bar([0], [0], 0.8, **BOUND.area)[0],
            "kl": left.bar([0], [0], 0.8, **GAP.area)[0],
            "elbo_label": left.text(0, low + 0.25, "", color=BOUND.ink, ha="center"),
            "kl_label": left.text(0.5, 0, "", color=GAP.ink, va="center"),
            "evidence": right.plot([], [], **TRUTH.line, drawstyle="steps-post", marker="s")[0],
            "bound": right.plot([], [], **BOUND.line, drawstyle="steps-post", marker="o")[0],
            "moves": right.text(0.2, low + 0.2, ""),
            "evidence_label": right.text(most, low + 1.7, "", color=TRUTH.ink, ha="right"),
            "bound_label": right.text(most, low + 1.1, "", color=BOUND.ink, ha="right"),
        }

    def update(moves: str) -> dict:
        states = [_after(moves[:n]) for n in range(len(moves) + 1)]
        evidence = [m.log_evidence(x).mean().item() for m, _ in states]
        bound = [em.elbo(m, q, x).mean().item() for m, q in states]
        steps, kl = np.arange(len(states)), evidence[-1] - bound[-1]
        return {
            "elbo": (-0.4, low, 0.8, max(bound[-1] - low, 0)),
            "kl": (-0.4, max(bound[-1], low), 0.8, evidence[-1] - max(bound[-1], low)),
            "elbo_label": f"ELBO\n{bound[-1]:.3f}",
            "kl_label": (0.47, (evidence[-1] + max(bound[-1], low)) / 2, f"KL {kl:.3f}"),
            "evidence": (steps, evidence),
            "bound": (steps, bound),
            "moves": " ".join(moves) or "press E or M",
            "evidence_label": f"log p {evidence[-1]:.3f}",
            "bound_label": f"ELBO {bound[-1]:.3f}",
            "alt": f"After the steps {' '.join(moves) or 'none'}: log evidence {evidence[-1]:.3f} = "
            f"ELBO {bound[-1]:.3f} + KL {kl:.3f} nats per point. On the right, their history.",
        }

    tried = ["", "E", "M", "EM", "MM", "EEMM", "EMEMEMEM", "EMEMEMEMEMEMEMEM"]
    buttons = Buttons({"E": "E-step", "M": "M-step"}, tried, most)
    strip = [{"moves": m} for m in ("", "E", "EM")]
    return Explorer(scene, update, {"moves": buttons}, strip)


def poll_m_step() -> Poll:
    """By how much the evidence rises in an M-step."""
    return Poll(
        "After an E-step, an M-step raises the ELBO by 0.30 nats. The log-likelihood rises by …",
        [
            Option(
                "exactly 0.30",
                False,
                "Then the gap would be 0 after the M-step, too. But q is the posterior of the old "
                "model.",
            ),
            Option(
                "0.30 or more",
                True,
                "log p = ELBO + KL. The KL was 0, and the new model can only open it: the top rises "
                "by 0.30 plus the new gap.",
            ),
            Option(
                "0.30 or less: the ELBO is a lower bound",
                False,
                "A lower bound, yes; but it started at the top, where the gap was 0.",
            ),
        ],
    )


def mixture_e_step(log_joint: Tensor) -> Tensor:
    """The probabilities q_n(k) that make the ELBO largest, from log p(x_n, z_n = k) (N, C)."""
    return log_joint.softmax(1)


Exercise(
    "03.2",
    mixture_e_step,
    cases=[(normal(6, 2) - 2,), (3 * normal(4, 3, seed=1),)],
    mistakes=[
        Mistake(
            lambda log_joint: log_joint.exp(),
            "These are the joint probabilities. Divide by their sum over k, the evidence.",
        ),
        Mistake(
            lambda log_joint: log_joint.softmax(0),
            "You normalised over data points. Every point needs its own distribution over k: dim 1.",
        ),
        Mistake(
            lambda log_joint: log_joint.log_softmax(1),
            "These are the logarithms of the right answer.",
        ),
        Mistake(
            lambda log_joint: torch.nn.functional.one_hot(
                log_joint.argmax(1), log_joint.shape[1]
            ).to(log_joint),
            "That puts everything on the likeliest component. The best q is the whole posterior.",
        ),
    ],
    nudge="The best q is the posterior p(k | x_n): Bayes, for every row.",
    formula="$$q_n(k) = \\frac{p(x_n, k)}{\\sum_j p(x_n, j)}$$ On logarithms that is "
    "<code>softmax</code>.",
)
