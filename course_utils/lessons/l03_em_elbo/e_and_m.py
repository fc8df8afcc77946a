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
        right.set_title("Step by step")
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
        steps, kl = np.arange(len(states)), max(evidence[-1] - bound[-1], 0.0)
        return {
            "elbo": (-0.4, low, 0.8, max(bound[-1] - low, 0)),
            "kl": (-0.4, max(bound[-1], low), 0.8, evidence[-1] - max(bound[-1], low)),
            "elbo_label": f"ELBO\n{bound[-1]:.3f}".replace("-", "−"),
            "kl_label": (0.47, (evidence[-1] + max(bound[-1], low)) / 2, f"KL {kl:.3f}"),
            "evidence": (steps, evidence),
            "bound": (steps, bound),
            "moves": " ".join(moves) or "press E or M",
            "evidence_label": f"log p {evidence[-1]:.3f}".replace("-", "−"),
            "bound_label": f"ELBO {bound[-1]:.3f}".replace("-", "−"),
            "alt": f"After the steps {' '.join(moves) or 'none'}: log evidence {evidence[-1]:.3f} = "
            f"ELBO {bound[-1]:.3f} + KL {kl:.3f} nats per point. On the right, their history.",
        }

    tried = ["", "E", "M", "EM", "MM", "EEMM", "EMEMEMEM", "EMEMEMEMEMEMEMEM"]
    buttons = Buttons({"E": "E-step", "M": "M-step"}, tried, most)
    strip = [{"moves": m} for m in ("", "E", "EM")]
    return Explorer(scene, update, {"moves": buttons}, strip)


def poll_m_step() -> Poll:
    """By how much the evidence rises at least in an M-step that does not follow an E-step."""
    return Poll(
        "The gap KL is 0.10 nats. Then an M-step raises the ELBO by 0.30 nats. The log-likelihood "
        "rises by …",
        [
            Option(
                "0.20 or more",
                True,
                "log p = ELBO + KL. The ELBO rises by 0.30, the KL falls by 0.10 at most, for it "
                "cannot be negative.",
            ),
            Option(
                "0.30 exactly",
                False,
                "Only if the gap stays as it is. But q is kept and the posterior is now another.",
            ),
            Option(
                "0.30 or more",
                False,
                "So it is after an E-step, when the gap is 0. Here the new gap may be smaller than "
                "the old one.",
            ),
            Option(
                "0.40 exactly",
                False,
                "The old gap is not added: the new one may have any size from 0.",
            ),
        ],
    )


def pair_e_step(log_weights: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """The best q_n(k) (N, K) of the label that two points share: log pi_k (K,), log p(x | k) (N, K)."""
    return (log_weights + first + second).softmax(1)


def _pairs(size: int, components: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    first, second = (2 * normal(size, components, seed=seed + i) - 2 for i in (0, 1))
    return (2 * normal(components, seed=seed + 2)).log_softmax(0), first, second


Exercise(
    "03.2",
    pair_e_step,
    cases=[_pairs(6, 2, 0), _pairs(4, 3, 10)],
    mistakes=[
        Mistake(
            lambda w, a, b: (2 * w + a + b).softmax(1),
            "You multiplied two posteriors, and so counted the weights twice. The label is drawn "
            "once: one prior, two likelihoods.",
        ),
        Mistake(
            lambda w, a, b: (w + a).softmax(1) * (w + b).softmax(1),
            "You multiplied two posteriors: that counts the weights twice, and the rows do not sum "
            "to 1. Begin with the joint of one label and two points.",
        ),
        Mistake(
            lambda w, a, b: ((w + a).softmax(1) + (w + b).softmax(1)) / 2,
            "The mean of two posteriors is never surer than the surer one. But two points that agree "
            "are stronger evidence than one: write down p(x, x′, k).",
        ),
        Mistake(
            lambda w, a, b: (a + b).softmax(1),
            "The weights π are missing: before it saw a point, the model did not believe the labels "
            "to be equally frequent.",
        ),
        Mistake(
            lambda w, a, b: (w + (a + b) / 2).softmax(1),
            "You averaged the two log-likelihoods. Given the label the points are independent: their "
            "densities multiply.",
        ),
        Mistake(
            lambda w, a, b: (w + torch.logaddexp(a, b)).softmax(1),
            "You added the densities: that is one point <i>or</i> the other. Here both were seen.",
        ),
        Mistake(
            lambda w, a, b: (w + a).softmax(1),
            "That is the posterior from the first point alone.",
        ),
        Mistake(
            lambda w, a, b: (w + a + b).exp(),
            "These are the joint probabilities. Divide by their sum over k, the evidence of the pair.",
        ),
        Mistake(
            lambda w, a, b: (w + a + b).exp() / (w + a + b).exp().sum(),
            "You divided by the sum over all pairs. Every pair needs its own distribution: each row "
            "sums to 1.",
        ),
        Mistake(
            lambda w, a, b: (w + a + b).softmax(0),
            "You normalised over the pairs. Every pair needs its own distribution over k: dim 1.",
        ),
        Mistake(
            lambda w, a, b: (w + a + b).log_softmax(1),
            "These are the logarithms of the right answer.",
        ),
    ],
    nudge="How does the model make a pair? Write down log p(x, x′, k), one label and two points; then "
    "Bayes, row by row.",
    formula="$$q_n(k) = \\frac{\\pi_k\\,p(x_n\\mid k)\\,p(x_n'\\mid k)}"
    "{\\sum_j \\pi_j\\,p(x_n\\mid j)\\,p(x_n'\\mid j)}$$ On logarithms, a sum and "
    "<code>softmax(1)</code>.",
)
