"""1, the invisible slider: one density, any rate; and exercise 09.1."""

from functools import cache
from math import log

import ipywidgets as widgets
import torch
from torch import Tensor

from course_utils import data, ppca
from course_utils.kit import Exercise, Explorer, Mistake, Option, predict, style
from course_utils.kit.figure import mosaic
from course_utils.kit.poll import Prediction
from course_utils.lessons.draws import normal
from course_utils.priors import rate

TRUTH, Q, MODEL = (style.ROLES[name] for name in ("truth", "q", "model"))
SHOWN = [0, 1, 2, 5, 9]  # test images


def predict_slider() -> Prediction:
    """Ask what the ELBO does while the code falls silent, then move tau."""
    question = (
        "At τ = 1 this is PPCA with 5 latents. At τ = 0 the decoder ignores z, and the code says "
        "nothing. On the way from 1 to 0 the ELBO, q being the exact posterior, …"
    )
    options = [
        Option(
            "falls by what the code said",
            False,
            "The reconstructions get worse by just as much as the code gets cheaper.",
        ),
        Option(
            "stays as it is",
            True,
            "With the exact posterior the ELBO is log p(x), and τ W Wᵀ + (1 − τ) W Wᵀ is W Wᵀ.",
        ),
        Option("rises: no KL to pay", False, "The KL is saved, and paid as distortion."),
    ]
    return predict(question, options, explore_slider())


@cache
def model() -> ppca.PPCA:
    """PPCA of the training digits, 5 latents."""
    return ppca.fit(data.digits().train, 5)


def explore_slider() -> Explorer:
    """Fit and rate slide, their difference is nailed to the evidence; and what the code shows."""
    x = data.digits().test
    evidence = model().log_evidence(x).mean().item()
    most = rate.Invisible(model(), 1.0).rate(x).mean().item()
    shown = model().posterior(x[SHOWN]).mean @ model().W.T

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1.5, 1])
        left.set(xlim=(0, evidence + most + 1), ylim=(-0.6, 2.1), yticks=[])
        left.set(xlabel="nats per test image", title="One sum, any rate")
        left.axvline(evidence, **TRUTH.line)
        left.text(evidence - 0.2, 1.75, f"log p(x)  {evidence:.3f}", color=TRUTH.ink, ha="right")
        right.set(xticks=[], yticks=[], title="What the code shows")
        blank = mosaic(x[SHOWN], x[SHOWN])
        return fig, {
            "fit": left.barh(1, 1, 0.5, **MODEL.area)[0],
            "rate": left.barh(0, 1, 0.5, **Q.area)[0],
            "fit_text": left.text(0.2, 1.34, "", color=MODEL.ink),
            "rate_text": left.text(evidence - 0.2, 0, "", color=Q.ink, ha="right", va="center"),
            "code": right.imshow(blank, cmap="gray", vmin=0, vmax=1),
        }

    def update(tau: float) -> dict:
        hidden = rate.Invisible(model(), tau)
        R, D = hidden.rate(x).mean().item(), hidden.distortion(x).mean().item()
        seen = model().mu + tau * shown
        return {
            "fit": (0, 0.75, -D, 0.5),
            "rate": (evidence, -0.25, R, 0.5),
            "fit_text": f"−distortion  {-D:.3f}",
            "rate_text": f"rate  {R:.3f}",
            "code": mosaic(x[SHOWN], seen.clamp(0, 1)),
            "alt": f"At tau = {tau:.2f} the rate is {R:.3f} nats, the distortion {D:.3f}; their sum "
            f"is {R + D:.3f}, minus the evidence, as at every tau. Beside it five test images and "
            "what the decoder makes of their codes, which fades to the mean image at tau = 0.",
        }

    control = widgets.FloatSlider(value=1, min=0, max=1, step=0.05, description="share τ in z")
    return Explorer(scene, update, {"tau": control}, [{"tau": t} for t in (0.0, 0.5, 1.0)])


def information(eigenvalues: Tensor, sigma2: float, tau: float) -> Tensor:
    """I(x; z) in nats, from the H largest eigenvalues of the data's covariance."""
    return (eigenvalues / (eigenvalues - tau * (eigenvalues - sigma2))).log().sum() / 2


_EIGENVALUES = normal(5).abs() + 0.6
Exercise(
    "09.1",
    information,
    cases=[(_EIGENVALUES, 0.3, 0.7), (normal(3, seed=1).abs() + 2, 1.4, 0.25)],
    mistakes=[
        Mistake(
            lambda eigenvalues, sigma2, tau: 2 * information(eigenvalues, sigma2, tau),
            "A factor 2 too much: the KL of Gaussians has ½ log of a ratio of *variances*.",
        ),
        Mistake(
            lambda eigenvalues, sigma2, tau: information(eigenvalues, sigma2**0.5, tau),
            "sigma2 is a variance already: no root.",
        ),
        Mistake(
            lambda eigenvalues, sigma2, tau: information(eigenvalues + sigma2, sigma2, tau),
            "You take λ_i for w_i². It is the data's variance: the noise is in it, λ_i = w_i² + σ².",
        ),
        Mistake(
            lambda eigenvalues, sigma2, tau: (
                information(eigenvalues, sigma2, tau) / torch.tensor(2.0).log()
            ),
            "In bits. The course counts nats: the natural logarithm.",
        ),
        Mistake(
            lambda eigenvalues, sigma2, tau: information(eigenvalues, sigma2, tau**0.5),
            "√τ multiplies z, so τ multiplies its variance.",
        ),
        Mistake(
            lambda eigenvalues, sigma2, tau: -information(eigenvalues, sigma2, tau),
            "Upside down: what is known of z after x has the smaller variance, so log is of a "
            "ratio above 1.",
        ),
        Mistake(
            lambda eigenvalues, sigma2, tau: information(eigenvalues, sigma2, 1 - tau),
            "1 − τ is the share that stays in the noise. At τ = 0 the code says nothing.",
        ),
        Mistake(
            lambda eigenvalues, sigma2, tau: (
                (1 + tau * (eigenvalues - sigma2) / sigma2).log().sum() / 2
            ),
            "What the slider hides in the noise still varies once z is known: it belongs to the "
            "variance that is left.",
        ),
        Mistake(
            lambda eigenvalues, sigma2, tau: -len(eigenvalues) * log(1 - tau) / 2,
            "You take all of λ_i for signal. Only λ_i − σ² is; σ² is noise at every τ.",
        ),
    ],
    nudge="Direction by direction. What is the variance of x there, and what is it once z is "
    "known? At τ = 0 the two are equal.",
    formula="x varies by $\\lambda_i$ in direction $i$, and by "
    "$(1-\\tau)(\\lambda_i-\\sigma^2)+\\sigma^2$ given z. $I$ is the sum of "
    "$\\tfrac12\\log$ of their ratio.",
)
