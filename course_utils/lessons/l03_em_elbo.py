"""Lesson 03, EM as ELBO ascent: its questions, explorers, figures and exercises."""

from functools import lru_cache
from math import log, pi

import ipywidgets as widgets
import numpy as np
import torch
from torch import Tensor
from torch.distributions import MultivariateNormal

from course_utils import em
from course_utils.kit import (
    Buttons,
    Exercise,
    Explorer,
    Mistake,
    Option,
    Poll,
    figure,
    predict,
    style,
)
from course_utils.kit.figure import Picture
from course_utils.kit.poll import Prediction
from course_utils.mixture import Mixture
from course_utils.ppca import PPCA

DATA, TRUTH, Q, MODEL = (style.ROLES[role] for role in ("data", "truth", "q", "model"))
BOUND, GAP = "#56B4E9", "#E69F00"  # fills: the ELBO, and what it lacks


# Questions


def recall(number: int) -> Poll:
    """The retrieval questions, 1 to 3."""
    return [
        Poll(
            "From lesson 02: x moves straight away from the plane of W. What changes?",
            [
                Option(
                    "the evidence p(x)", True, "The model is surprised, but not less sure of z."
                ),
                Option("the posterior's width", False, "G contains no x."),
                Option("the posterior's mean", False, "It sees only Wᵀ(x − μ)."),
            ],
        ),
        Poll(
            "From lesson 01: gradient descent on a linear autoencoder waits where …",
            [
                Option("there is a bad local minimum", False, "There is none."),
                Option(
                    "the learning rate is too small", False, "The plateaus' heights do not know it."
                ),
                Option(
                    "S maps the plane into itself, but it is not the best plane", True, "A saddle."
                ),
            ],
        ),
        Poll(
            "KL(q‖p) = E_q[log q − log p] is …",
            [
                Option("symmetric in q and p", False, "Swap them and the expectation changes too."),
                Option("never negative, and 0 only if q = p", True, "We prove it in section 2."),
                Option("negative where q < p", False, "Single points may be; their mean is not."),
            ],
        ),
    ][number - 1]


def poll_two_algorithms() -> Poll:
    """Whether EM and ELBO ascent are two things."""
    return Poll(
        "“EM maximises the likelihood, not the ELBO; to maximise the ELBO one needs another "
        "algorithm.”",
        [
            Option(
                "true",
                False,
                "EM's E-step is the maximum of the ELBO over all q, its M-step the "
                "maximum over the model: EM is an algorithm that maximises the ELBO.",
            ),
            Option(
                "false",
                True,
                "Both steps raise the same function ELBO(q, θ), in turn. Where it "
                "is largest in both, it equals the largest log-likelihood.",
            ),
        ],
    )


# Explorer 1: a bound that touches

POINTS = torch.cat(
    [
        torch.randn(15, generator=torch.Generator().manual_seed(3)),
        4 + torch.randn(25, generator=torch.Generator().manual_seed(4)),
    ]
).double()
THETA = np.linspace(-4, 9, 400)


def one_parameter_log_evidence(theta: Tensor) -> Tensor:
    """Mean log p(x_n | theta) of ½ N(0, 1) + ½ N(theta, 1) on POINTS, for theta (T,). (T,)"""
    fixed, moving = (_log_component(mean) for mean in (torch.zeros(1).double(), theta))
    return torch.logsumexp(torch.stack(torch.broadcast_tensors(fixed, moving)), 0).mean(1)


def _log_component(mean: Tensor) -> Tensor:
    """log ½ N(x_n | mean, 1) for mean (T,): (T, N)."""
    return log(0.5) - 0.5 * log(2 * pi) - 0.5 * (POINTS - mean[:, None]).square()


def touching_bound(theta: Tensor, old: float) -> Tensor:
    """Mean ELBO(q, theta) with q the posterior at `old`: a parabola in theta (T,). (T,)"""
    fixed = _log_component(torch.zeros(1).double())
    r = torch.sigmoid(_log_component(torch.tensor([old]).double()) - fixed)  # (1, N): q(moving)
    expected = r * _log_component(theta) + (1 - r) * fixed
    entropy = -(torch.special.xlogy(r, r) + torch.special.xlogy(1 - r, 1 - r))
    return (expected + entropy).mean(1)


def em_path(start: float, num_steps: int) -> list[float]:
    """theta after 0, 1, ..., num_steps EM steps."""
    path = [start]
    for _ in range(num_steps):
        old = torch.tensor([path[-1]]).double()
        r = torch.sigmoid(_log_component(old) - _log_component(torch.zeros(1).double()))
        path.append(((r * POINTS).sum() / r.sum()).item())
    return path


def explore_bound() -> Explorer:
    """The ELBO as a parabola under the log-likelihood; its top is the next theta."""
    theta = torch.from_numpy(THETA)
    curve = one_parameter_log_evidence(theta)

    def scene():
        fig, ax = style.subplots()
        ax.plot(THETA, curve, **TRUTH.line)
        ax.text(6.2, -2.7, "log-likelihood", color=TRUTH.color)
        ax.set(xlim=(-4, 9), ylim=(-9, -1.2), xlabel="parameter θ", ylabel="nats per point")
        ax.set_title("A bound that touches, and where it leads")
        return fig, {
            "bound": ax.plot([], [], **Q.line)[0],
            "walked": ax.plot([], [], color=DATA.color, linewidth=2, marker="o", markersize=5)[0],
            "here": ax.plot([], [], **DATA.dots | {"markersize": 12})[0],
            "next": ax.plot([], [], "s", color=Q.color, markersize=11)[0],
            "numbers": ax.text(-3.8, -1.75, "", color=Q.color),
        }

    def update(start: float, steps: int) -> dict:
        path = em_path(start, steps + 1)
        old, new = path[-2:]
        heights = one_parameter_log_evidence(torch.tensor(path[:-1]).double())
        top = touching_bound(torch.tensor([new]).double(), old).item()
        here = heights[-1].item()
        return {
            "bound": (THETA, touching_bound(theta, old)),
            "walked": (path[:-1], heights),
            "here": ([old], [here]),
            "next": ([new], [top]),
            "numbers": f"ELBO touches at θ = {old:.2f}, is highest at θ = {new:.2f}",
            "alt": f"After {steps} EM steps θ is {old:.3f} and the log-likelihood {here:.3f} nats per "
            f"point. The ELBO, a parabola below it, touches there; its top, {top:.3f}, lies at "
            f"{new:.3f}, the next θ.",
        }

    controls = {
        "start": widgets.FloatSlider(value=-2.5, min=-4, max=9, description="start at θ"),
        "steps": widgets.IntSlider(value=0, min=0, max=12, description="EM steps taken"),
    }
    strip = [{"start": -2.5, "steps": s} for s in (0, 1, 4)]
    return Explorer(scene, update, controls, strip)


# Explorer 2: E and M, one at a time


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
        bar = {"width": 0.8, "edgecolor": "white"}
        return fig, {
            "elbo": left.bar([0], [0], color=BOUND, **bar)[0],
            "kl": left.bar([0], [0], color=GAP, hatch="//", **bar)[0],
            "elbo_label": left.text(0, low + 0.25, "", ha="center"),
            "kl_label": left.text(0.5, 0, "", color="#8a5a00", va="center"),
            "evidence": right.plot([], [], **TRUTH.line, drawstyle="steps-post", marker="s")[0],
            "bound": right.plot([], [], **Q.line, drawstyle="steps-post", marker="o")[0],
            "moves": right.text(0.2, low + 0.2, ""),
            "evidence_label": right.text(most, low + 1.7, "", color=TRUTH.color, ha="right"),
            "bound_label": right.text(most, low + 1.1, "", color=Q.color, ha="right"),
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


# Explorer 3: the speed of EM


def explore_contraction() -> Explorer:
    """EM turns w towards the first eigenvector by a factor set by the eigengap alone."""
    most = 12

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1, 1.3])
        left.set(xlim=(-0.1, 1.25), ylim=(-0.1, 1.25), aspect="equal")
        left.set(xlabel="$u_1$", ylabel="$u_2$", title="w turns to $u_1$")
        left.plot([0, 1.1], [0, 0], **TRUTH.line)
        right.set(xlim=(-0.5, most + 0.4), ylim=(3e-6, 30), yscale="log", xlabel="EM step")
        right.set_xticks(range(0, most + 1, 4))
        right.set(ylabel="tan of the angle", title="By $\\lambda_2/\\lambda_1$ a step")
        arrows = [left.plot([], [], color=MODEL.color, linewidth=3)[0] for _ in range(4)]
        return fig, {f"w_{t}": arrow for t, arrow in enumerate(arrows)} | {
            "predicted": right.plot([], [], **TRUTH.line)[0],
            "measured": right.plot([], [], **DATA.dots | {"markersize": 10})[0],
            "label": right.text(most * 0.97, 6, "", color=TRUTH.color, ha="right"),
        }

    def update(ratio: float, sigma2: float, angle: float) -> dict:
        S = torch.tensor([[1.0, 0.0], [0.0, ratio]], dtype=torch.float64)
        w = torch.tensor([[np.cos(np.radians(angle))], [np.sin(np.radians(angle))]])
        path = _turn(S, w, sigma2, most)
        tangent = (path[:, 1] / path[:, 0]).abs()
        unit = path / path.norm(dim=1, keepdim=True)
        arrows = {f"w_{t}": ([0, unit[t, 0]], [0, unit[t, 1]]) for t in range(4)}
        return arrows | {
            "predicted": (np.arange(most + 1), tangent[0].item() * ratio ** np.arange(most + 1)),
            "measured": (np.arange(most + 1), tangent),
            "label": f"$(\\lambda_2/\\lambda_1)^t$, {ratio:.2f} a step",
            "alt": f"From {angle:.0f} degrees the tangent of the angle between w and the first "
            f"eigenvector falls by {ratio:.2f} at every step, from {tangent[0]:.3g} to "
            f"{tangent[-1]:.3g} after {most}, whatever the noise variance, here {sigma2:.2g}.",
        }

    controls = {
        "ratio": widgets.FloatSlider(
            value=0.5, min=0.35, max=0.95, step=0.05, description="eigenvalue ratio λ₂/λ₁"
        ),
        "sigma2": widgets.FloatLogSlider(
            value=10**-0.5, min=-3, max=1, step=0.1, description="noise variance σ² at the start"
        ),
        "angle": widgets.FloatSlider(
            value=80, min=10, max=85, step=5, description="first angle (degrees)"
        ),
    }
    strip = [{"ratio": r, "sigma2": 0.3, "angle": 80.0} for r in (0.35, 0.6, 0.95)]
    return Explorer(scene, update, controls, strip)


def _turn(S: Tensor, w: Tensor, sigma2: float, num_steps: int) -> Tensor:
    """w (num_steps + 1, 2) under the EM updates of `em.fit`, from a covariance S (2, 2)."""
    path = [w[:, 0]]
    for _ in range(num_steps):
        Sw = S @ w
        M = sigma2 + (w.T @ w).item()
        w_new = Sw / (sigma2 + (w.T @ Sw).item() / M)
        sigma2 = ((S.trace() - (Sw.T @ w_new).item() / M) / 2).item()
        w = w_new
        path.append(w[:, 0])
    return torch.stack(path)


# Figures


def plot_convergence(log_evidence: list[float], best: float) -> Picture:
    """How far EM is below the closed-form maximum, step by step."""
    gap = best - np.array(log_evidence)
    fig, ax = style.subplots()
    ax.plot(np.maximum(gap, 1e-12), **MODEL.line)
    ax.axhline(1e-6, **TRUTH.line | {"linewidth": 2})
    ax.text(len(gap), 1.4e-6, "one millionth of a nat", color=TRUTH.color, ha="right", va="bottom")
    ax.set(yscale="log", xlabel="EM step", ylabel="nats below the maximum", xlim=(0, len(gap)))
    ax.set_title("EM reaches the closed form")
    return figure(
        fig,
        alt=f"The log evidence per image starts {gap[0]:.1f} nats below the closed-form maximum and is "
        f"{max(gap[-1], 0):.1e} nats below it after {len(gap) - 1} steps.",
    )


def plot_mixture(x: Tensor, start: Mixture, end: Mixture, history: list[float]) -> Picture:
    """A mixture of two Gaussians before and after EM, and its likelihood."""
    fig, (left, right) = style.subplots(2)
    left.plot(*x.T, **DATA.dots | {"markersize": 5, "alpha": 0.5})
    turn = np.linspace(0, 2 * pi, 100)
    for model, role in ((start, Q), (end, MODEL)):
        for (across, up), sigma2 in zip(model.means.tolist(), model.sigma2.tolist(), strict=True):
            radius = 2 * sigma2**0.5
            left.plot(across + radius * np.cos(turn), up + radius * np.sin(turn), **role.line)
    left.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal", title="Before (dashed), after")
    right.plot(history, **TRUTH.line)
    right.set(xlabel="EM step", ylabel="log p, nats per point", title="The same climb")
    return figure(
        fig,
        alt=f"Two clusters of points with circles of two standard deviations round each component before "
        f"and after EM; the log evidence rises from {history[0]:.2f} to {history[-1]:.2f} nats per point.",
    )


# Exercises


def mixture_e_step(log_joint: Tensor) -> Tensor:
    """The probabilities q_n(k) that make the ELBO largest, from log p(x_n, z_n = k) (N, C)."""
    return log_joint.softmax(1)


def mixture_elbo(log_joint: Tensor, q: Tensor) -> Tensor:
    """ELBO per data point (N,) of any q (N, C) from log p(x_n, z_n = k) (N, C)."""
    return (q * (log_joint - q.log())).sum(1)


def ppca_elbo(
    x: Tensor, W: Tensor, mu: Tensor, sigma2: float, mean: Tensor, covariance: Tensor
) -> Tensor:
    """ELBO per data point (N,) of q_n = N(mean_n, covariance), for x (N, D), mean (N, H)."""
    D, H = W.shape
    miss = (x - mu - mean @ W.T).square().sum(1)
    spread = torch.trace(W @ covariance @ W.T)
    fit = -(miss + spread) / (2 * sigma2) - D / 2 * log(2 * pi * sigma2)
    kl = (mean.square().sum(1) + covariance.trace() - H - covariance.logdet()) / 2
    return fit - kl


def m_step_W(x: Tensor, mean: Tensor, covariance: Tensor) -> Tensor:
    """The best W (D, H) for centred x (N, D) and q_n = N(mean_n, covariance)."""
    second_moment = len(x) * covariance + mean.T @ mean  # sum of E[z z^T]: (H, H)
    return x.T @ mean @ torch.linalg.inv(second_moment)


def _random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def _covariance(size: int, seed: int) -> Tensor:
    root = _random(size, size, seed=seed)
    return 0.3 * root @ root.T + 0.2 * torch.eye(size, dtype=torch.float64)


Exercise(
    "03.1",
    mixture_elbo,
    cases=[
        (_random(5, 2) - 2, _random(5, 2, seed=1).softmax(1)),
        (_random(4, 3, seed=2) - 1, _random(4, 3, seed=3).softmax(1)),
    ],
    mistakes=[
        Mistake(
            lambda log_joint, q: (q * log_joint).sum(1),
            "That is the expected log joint alone. The entropy of q is missing: subtract log q inside.",
        ),
        Mistake(
            lambda log_joint, q: (q * (log_joint + q.log())).sum(1),
            "The sign of log q: the ELBO is E_q[log p(x, z) − log q(z)].",
        ),
        Mistake(
            lambda log_joint, q: (log_joint - q.log()).sum(1),
            "An expectation under q weighs every term with q. You only added them.",
        ),
        Mistake(
            lambda log_joint, q: log_joint.logsumexp(1),
            "That is the log evidence. The ELBO depends on q, and lies below it.",
        ),
        Mistake(
            lambda log_joint, q: (q * (log_joint - q.log())).sum(1).mean(),
            "Return one ELBO per data point; the mean is taken later, in sight.",
        ),
    ],
    nudge="For a discrete z the expectation is a sum over k, weighted with q.",
    formula="$$\\mathcal L_n = \\sum_k q_n(k)\\,\\big[\\log p(x_n, k) - \\log q_n(k)\\big]$$",
)

Exercise(
    "03.2",
    mixture_e_step,
    cases=[(_random(6, 2) - 2,), (3 * _random(4, 3, seed=1),)],
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

Exercise(
    "03.3",
    m_step_W,
    cases=[
        (_random(8, 3), _random(8, 2, seed=1), _covariance(2, 2)),
        (_random(6, 4, seed=3), _random(6, 1, seed=4), _covariance(1, 5)),
    ],
    mistakes=[
        Mistake(
            lambda x, mean, covariance: x.T @ mean @ torch.linalg.inv(mean.T @ mean),
            "You regressed on the means alone. E[zzᵀ] = G + m mᵀ: the covariance belongs to it.",
        ),
        Mistake(
            lambda x, mean, covariance: x.T @ mean @ torch.linalg.inv(covariance + mean.T @ mean),
            "Every data point brings its own G: the sum over n has it N times.",
        ),
        Mistake(
            lambda x, mean, covariance: (
                (x.T @ mean @ torch.linalg.inv(len(x) * covariance + mean.T @ mean)).T
            ),
            "That is Wᵀ. W has one row per dimension of x.",
        ),
        Mistake(
            lambda x, mean, covariance: x.T @ mean,
            "Only the first factor. Divide by the sum of E[zzᵀ], as in least squares.",
        ),
    ],
    nudge="Least squares of x on z, with expectations in place of the z that nobody has seen.",
    formula="$$W = \\Big(\\sum_n x_n m_n^\\top\\Big)\\Big(\\sum_n G + m_n m_n^\\top\\Big)^{-1}$$",
)


def _elbo_variant(spread: bool = True, kl: float = 1.0, scale: bool = False, const: bool = True):
    """ppca_elbo with one thing done differently."""

    def answer(
        x: Tensor, W: Tensor, mu: Tensor, sigma2: float, mean: Tensor, covariance: Tensor
    ) -> Tensor:
        D, H = W.shape
        noise = sigma2**0.5 if scale else sigma2
        miss = (x - mu - mean @ W.T).square().sum(1)
        extra = torch.trace(W @ covariance @ W.T) if spread else 0.0
        fit = -(miss + extra) / (2 * noise) - (D / 2 * log(2 * pi * noise) if const else 0.0)
        divergence = (mean.square().sum(1) + covariance.trace() - H - covariance.logdet()) / 2
        return fit - kl * divergence

    return answer


Exercise(
    "03.4",
    ppca_elbo,
    cases=[
        (
            _random(5, 4, seed=10),
            _random(4, 2, seed=6),
            _random(4, seed=7),
            0.4,
            _random(5, 2, seed=11),
            _covariance(2, 12),
        ),
        (
            _random(6, 3, seed=13),
            _random(3, 1, seed=8),
            _random(3, seed=9),
            1.7,
            _random(6, 1, seed=14),
            _covariance(1, 15),
        ),
    ],
    mistakes=[
        Mistake(
            _elbo_variant(spread=False),
            "You decoded the mean only. The expected error has the spread Tr[W G Wᵀ] too (lesson 02).",
        ),
        Mistake(_elbo_variant(kl=-1.0), "The KL is subtracted: straying from the prior costs."),
        Mistake(_elbo_variant(kl=0.0), "That is the expected log-likelihood. The KL is missing."),
        Mistake(
            _elbo_variant(const=False),
            "The constant −(D/2) log 2πσ² is missing; without it this is not a bound on log p(x).",
        ),
        Mistake(
            _elbo_variant(scale=True),
            "You took the root of <code>sigma2</code>. It already is the variance σ².",
        ),
    ],
    nudge="Expected log-likelihood minus KL. The first is in lesson 02, section 7; the second is above.",
    formula="$$\\mathcal L_n = -\\frac{\\lVert x_n-\\mu-Wm_n\\rVert^2 + \\operatorname{Tr}WGW^\\top}"
    "{2\\sigma^2} - \\frac D2\\log2\\pi\\sigma^2 - \\tfrac12\\big[\\lVert m_n\\rVert^2 + "
    "\\operatorname{Tr}G - H - \\log|G|\\big]$$",
)
