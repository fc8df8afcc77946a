"""5, mean field: what independence costs."""

from math import pi

import ipywidgets as widgets
import numpy as np
import torch
from torch import Tensor

from course_utils.kit import Exercise, Explorer, Mistake, Option, predict, style
from course_utils.kit.poll import Prediction
from course_utils.lessons.draws import normal
from course_utils.lessons.l05_variational_em.colors import APPROXIMATION, TRUTH, Q


def predict_mean_field() -> Prediction:
    """Ask for the variances of the best factorised q, then move the correlation."""
    question = (
        "The posterior is a Gaussian with variances 1 and correlation 0.9. The best q that treats "
        "the two latents as independent has variances …"
    )
    options = [
        Option("1: each marginal can be matched", False, "That is the minimum of KL(p‖q)."),
        Option(
            "0.19",
            True,
            "1 − ρ², the variance of one latent when the other is known: q must not put mass where "
            "the narrow posterior has none.",
        ),
        Option("above 1, to cover everything", False, "KL(q‖p) punishes mass where p has none."),
    ]
    return predict(question, options, explore_mean_field())


def explore_mean_field() -> Explorer:
    """The best q for a correlated Gaussian, factorised or with full covariance."""
    grid, turn = np.linspace(0, 0.98, 99), np.linspace(0, 2 * pi, 200)
    circle = np.stack([np.cos(turn), np.sin(turn)])

    def scene():
        fig, (left, right) = style.subplots(2)
        left.set(xlim=(-2.6, 2.6), ylim=(-2.6, 2.6), aspect="equal", xlabel="$z_1$")
        left.set(ylabel="$z_2$", title="Two standard deviations")
        right.set(xlim=(0, 1), ylim=(0, 1.8), xlabel="correlation ρ")
        right.set_title("Mean field's price")
        right.plot(grid, -np.log(1 - grid**2) / 2, **APPROXIMATION.line)
        right.plot(grid, 1 - grid**2, **Q.line)
        right.text(0.66, 1.5, "KL, nats", color=APPROXIMATION.ink, ha="right")
        right.text(0.05, 1.06, "variance of q", color=Q.ink)
        return fig, {
            "truth": left.plot([], [], **TRUTH.line)[0],
            "q": left.plot([], [], **Q.line)[0],
            "approximation": right.plot(
                [], [], "o", color=APPROXIMATION.color, markersize=12, clip_on=False
            )[0],
            "variance": right.plot([], [], "D", color=Q.color, markersize=12, clip_on=False)[0],
            "numbers": right.text(0.03, 1.66, ""),
        }

    def update(rho: float, family: str) -> dict:
        free = family == "full covariance"
        root = np.linalg.cholesky([[1, rho], [rho, 1]])
        variance = 1.0 if free else 1 - rho**2
        kl = 0.0 if free else -np.log(1 - rho**2) / 2
        outline = 2 * root @ circle
        return {
            "truth": tuple(outline),
            "q": tuple(outline if free else 2 * variance**0.5 * circle),
            "approximation": ([rho], [kl]),
            "variance": ([rho], [variance]),
            "numbers": f"var {variance:.2f}, KL {abs(kl):.2f}",
            "alt": f"A Gaussian posterior with variances 1 and correlation {rho:.2f}. The best q with "
            f"{family} has variances {variance:.3f} and lies {abs(kl):.3f} nats away.",
        }

    controls = {
        "rho": widgets.FloatSlider(
            value=0.9, min=0, max=0.97, step=0.01, description="correlation"
        ),
        "family": widgets.Dropdown(
            options=["mean field", "full covariance"], description="family of q"
        ),
    }
    strip = [{"rho": r, "family": "mean field"} for r in (0.0, 0.6, 0.95)]
    return Explorer(scene, update, controls, strip)


def mean_field_variances(covariance: Tensor) -> Tensor:
    """Variances (H,) of the best factorised q for a posterior N(m, covariance)."""
    return 1 / torch.linalg.inv(covariance).diagonal()


def price_of_a_cut(covariance: Tensor, cut: int) -> Tensor:
    """KL of the best q(first) q(second) to N(m, covariance); the first cut latents are the first group."""
    precision = torch.linalg.inv(covariance)
    first, second = precision[:cut, :cut], precision[cut:, cut:]
    return (first.logdet() + second.logdet() + covariance.logdet()) / 2


def _covariance(size: int, seed: int) -> Tensor:
    root = normal(size, size, seed=seed)
    return root @ root.T + 0.2 * torch.eye(size, dtype=torch.float64)


def _every_tie(covariance: Tensor, cut: int) -> Tensor:
    """The price of a q that keeps no tie at all."""
    return (torch.linalg.inv(covariance).diagonal().log().sum() + covariance.logdet()) / 2


def mutual_information(covariance: Tensor, cut: int) -> Tensor:
    """What the first cut latents and the others know of each other, in nats."""
    first, second = covariance[:cut, :cut], covariance[cut:, cut:]
    return (first.logdet() + second.logdet() - covariance.logdet()) / 2


def _blocks_of_sigma(covariance: Tensor, cut: int) -> Tensor:
    first, second = covariance[:cut, :cut], covariance[cut:, cut:]
    return (first.logdet() + second.logdet() + covariance.logdet()) / 2


def _blocks_put_in(covariance: Tensor, cut: int) -> Tensor:
    """The KL of a q that has the blocks of Σ for its covariances."""
    precision = torch.linalg.inv(covariance)
    first, second = covariance[:cut, :cut], covariance[cut:, cut:]
    traces = (precision[:cut, :cut] @ first).trace() + (precision[cut:, cut:] @ second).trace()
    logs = covariance.logdet() - first.logdet() - second.logdet()
    return (traces - len(covariance) + logs) / 2


def _undetermined(covariance: Tensor, cut: int) -> Tensor:
    """price_of_a_cut, but with determinants where their logarithms belong."""
    precision = torch.linalg.inv(covariance)
    first, second = precision[:cut, :cut], precision[cut:, cut:]
    return (first.det() + second.det() + covariance.det()) / 2


def _without_sigma(covariance: Tensor, cut: int) -> Tensor:
    return price_of_a_cut(covariance, cut) - covariance.logdet() / 2


Exercise(
    "05.3",
    price_of_a_cut,
    cases=[
        (_covariance(3, 4), 1),
        (_covariance(5, 5), 2),
    ],
    mistakes=[
        Mistake(
            _every_tie,
            "That cuts every tie. Within a group q may keep them: take the whole blocks of Λ.",
        ),
        Mistake(
            lambda covariance, cut: 2 * price_of_a_cut(covariance, cut),
            "The factor ½ in front is missing.",
        ),
        Mistake(
            _without_sigma,
            "log|Σ| is missing: the KL must be 0 where there was no tie to cut.",
        ),
        Mistake(
            lambda covariance, cut: -mutual_information(covariance, cut),
            "The sign is turned: independence never comes for less than nothing.",
        ),
        Mistake(
            _blocks_of_sigma,
            "Those are blocks of Σ. q's best block is the inverse of a block of Λ = Σ⁻¹, which is "
            "another matrix.",
        ),
        Mistake(
            _blocks_put_in,
            "That is the price of the q that has the right marginals, the blocks of Σ. The best q is "
            "narrower: its blocks are inverses of blocks of Λ.",
        ),
        Mistake(
            _undetermined,
            "You summed determinants. It is their <i>logarithms</i> that add up: logdet.",
        ),
        Mistake(
            lambda covariance, cut: price_of_a_cut(covariance, cut) - covariance.logdet(),
            "log|Σ| enters with a plus: log|Λ| = −log|Σ| has been taken for it, or the sign lost.",
        ),
    ],
    nudge="Repeat the derivation with blocks: v_i becomes a covariance V of one group, and Λ_ii that "
    "group's block of Λ. The trace of ΛV takes the place of Λ_ii v_i.",
    formula="The best block is $V_1 = \\Lambda_{11}^{-1}$, and with it $\\mathrm{KL} = "
    "\\tfrac12\\big[\\log|\\Lambda_{11}| + \\log|\\Lambda_{22}| + \\log|\\Sigma|\\big]$. "
    "<code>torch.logdet</code> is the log of a determinant.",
)
