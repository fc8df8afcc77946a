"""4, noise: denoising as a posterior mean, and Tweedie's formula, exercise 10.4."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.distributions import MultivariateNormal

from course_utils import data, deep, training
from course_utils.kit import Exercise, Mistake, Option, Poll, figure, style
from course_utils.kit.figure import Picture, mosaic
from course_utils.lessons.draws import normal


def poll_limit() -> Poll:
    """Which knowledge a better denoiser has."""
    return Poll(
        "The best linear denoiser knows the mean and the covariance of the digits. A network that "
        "leaves clearly less squared error must know …",
        [
            Option("the covariance more exactly", False, "That is known to a few percent already."),
            Option("the noise of this image", False, "Nobody does."),
            Option(
                "something beyond mean and covariance",
                True,
                "Of all x with this mean and covariance Gaussian ones are the hardest to clean.",
            ),
        ],
    )


def denoiser(scale: float, seed: int = 0) -> nn.Module:
    """An autoencoder, 64-128-32-128-64, trained 1000 steps on pairs (noisy, clean)."""
    clean = data.digits().train.float()
    torch.manual_seed(seed)
    network = deep.mlp(64, (128, 32, 128), 64)
    training.fit(
        network,
        lambda x: (network(x + scale * torch.randn_like(x)) - x).square().sum(1).mean(),
        clean,
        num_steps=1000,
        batch_size=200,
        lr=5e-3,
        decay=True,
        progress=False,
    )
    return network


def plot_cleaned(rows: dict[str, Tensor], errors: dict[str, float]) -> Picture:
    """Noisy test images and what several answers make of them."""
    fig, ax = style.subplots(height=0.8 + 0.72 * len(rows))
    ax.imshow(mosaic(*(x.clamp(0, 1) for x in rows.values())), cmap="gray_r", vmin=0, vmax=1)
    ax.set(xticks=[], yticks=[3.5 + 10 * k for k in range(len(rows))])
    ax.set_yticklabels([f"{name}  {errors[name]:.2f}" if errors[name] else name for name in rows])
    ax.tick_params(length=0)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.set_title("Cleaned, and the squared error left")
    said = "; ".join(f"{name} {error:.2f}" for name, error in errors.items() if error)
    return figure(fig, alt=f"Test digits, noisy and cleaned; mean squared errors: {said}.")


def tweedie(log_p: Callable[[Tensor], Tensor], noisy: Tensor, scale: float) -> Tensor:
    """E[x | noisy] (N, D), where noisy = x + scale eps; log_p gives the noisy images' log p, (N,)."""
    noisy = noisy.clone().requires_grad_()
    (score,) = torch.autograd.grad(log_p(noisy).sum(), [noisy])
    return noisy.detach() + scale**2 * score


def _case(D: int, seed: int, scale: float):
    root = normal(D, D, seed=seed)
    noisy = MultivariateNormal(
        normal(D, seed=seed + 1), root @ root.T + scale**2 * torch.eye(D).double()
    )
    return noisy.log_prob, normal(4, D, seed=seed + 2), scale


def _variant(power: float = 2, sign: float = 1, keep: float = 1):
    def attempt(log_p, noisy, scale):
        score = (tweedie(log_p, noisy, scale) - noisy) / scale**2
        return keep * noisy + sign * scale**power * score

    return attempt


def _of_p(log_p, noisy, scale):
    return tweedie(lambda x: log_p(x).exp(), noisy, scale)


def _of_mean(log_p, noisy, scale):
    return noisy + (tweedie(log_p, noisy, scale) - noisy) / len(noisy)


Exercise(
    "10.4",
    tweedie,
    cases=[_case(3, 0, 0.5), _case(4, 7, 1.3)],
    mistakes=[
        Mistake(_variant(power=1), "A variance stands there: scale², not scale."),
        Mistake(_variant(sign=-1), "Cleaner images are likelier: go up the density, not down."),
        Mistake(_variant(keep=0), "That is the correction. It is added to the noisy image."),
        Mistake(_variant(power=0), "The step has a length: scale² times the slope."),
        Mistake(_of_p, "The slope of log p, not of p: far from the data p has none."),
        Mistake(
            _of_mean,
            "You took the mean over images before the gradient, which makes it N times too small: sum.",
        ),
    ],
    nudge="Differentiate log p(x̃) = log ∫ p(x) N(x̃; x, scale² I) dx in x̃, the noisy image, under the "
    "integral. What stands there is a posterior mean. In code: the sum over images has every "
    "image's own gradient.",
    formula="$$\\nabla\\log p(\\tilde x)=\\mathbb E\\Big[\\frac{x-\\tilde x}{\\text{scale}^2}\\,\\Big|"
    "\\,\\tilde x\\Big]\\quad\\Rightarrow\\quad\\mathbb E[x\\mid\\tilde x]=\\tilde x+"
    "\\text{scale}^2\\,\\nabla\\log p(\\tilde x)$$",
)
