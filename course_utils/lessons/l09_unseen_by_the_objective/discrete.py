"""8, a discrete code: gradients of ten classes beside the exact one; and exercise 09.6."""

from collections.abc import Callable
from functools import cache

import ipywidgets as widgets
import numpy as np
import torch
from matplotlib.patches import Polygon
from torch import Tensor, nn
from torch.distributions import OneHotCategorical, RelaxedOneHotCategorical, kl_divergence

from course_utils import deep, gradients, training
from course_utils.kit import Exercise, Explorer, Mistake, figure, style
from course_utils.kit.figure import Picture, mosaic
from course_utils.lessons.draws import histogram, normal, seeded
from course_utils.lessons.l09_unseen_by_the_objective.decides import bits
from course_utils.priors import categorical

TRUTH, PATH, SCORE = (style.ROLES[name] for name in ("truth", "pathwise", "score"))
# label: (how `learn` takes the gradient, how many draws of z it takes a step and image)
WAYS = {
    "exact sum": ("exact", 10),
    "leave-one-out": ("leave-one-out", 4),
    "running baseline": ("baseline", 4),
    "the same, one draw": ("baseline", 1),
    "no baseline": ("plain", 4),
    "Gumbel-softmax, t = 0.3": ("0.3", 4),
    "Gumbel-softmax, t = 1": ("1.0", 4),
}
# Mean test ELBO after 800 steps by each of WAYS, seeds 1 to 5. Measured by tests/seeds/lesson_09.py.
ELBOS = {
    "exact sum": (-19.63, -19.75, -19.61, -19.95, -19.67),
    "leave-one-out": (-19.65, -19.76, -19.94, -19.87, -19.75),
    "running baseline": (-19.73, -20.18, -19.83, -19.68, -19.74),
    "the same, one draw": (-20.69, -20.01, -20.07, -20.54, -20.49),
    "no baseline": (-21.65, -20.89, -20.49, -20.23, -21.0),
    "Gumbel-softmax, t = 0.3": (-19.72, -19.62, -19.96, -19.66, -19.85),
    "Gumbel-softmax, t = 1": (-21.03, -21.58, -20.84, -21.14, -21.17),
}


def made_anew(seed: int) -> tuple[categorical.Encoder, deep.Decoder]:
    """An encoder of ten classes, and a decoder that gives each its 64 logits."""
    torch.manual_seed(seed)
    prior = categorical.uniform(10)
    return categorical.Encoder(64, 10, (64,)), deep.Decoder(10, 64, (), "bernoulli", prior=prior)


@cache
def learn(how: str, seed: int = 1, num_samples: int = 4) -> tuple[nn.Module, deep.Decoder, float]:
    """800 steps for encoder and decoder by `how`: "exact", "plain", "baseline", "leave-one-out", or a
    Gumbel temperature such as "0.3"; and the mean test ELBO. All but the first take num_samples
    likelihoods a step and image, and the KL in closed form.
    """
    encoder, decoder = made_anew(seed)
    running = 0.0

    def loss(x: Tensor) -> Tensor:
        nonlocal running
        q = encoder(x)
        if how == "exact":
            return -categorical.elbo(x, q, decoder).mean()
        drawn, shape = how[0].isdigit(), torch.Size([num_samples])
        z = relaxed(q, float(how)).rsample(shape) if drawn else q.sample(shape)
        fit, kl = decoder(z).log_prob(x), kl_divergence(q, decoder.prior)
        if drawn:
            return (kl - fit).mean()
        reward = fit.detach()
        baseline: float | Tensor = 0.0
        if how == "leave-one-out":
            baseline = (reward.sum(0) - reward) / (num_samples - 1)
        if how == "baseline":
            baseline = running
            running += 0.1 * (reward.mean().item() - running)
        return (kl - fit - (reward - baseline) * q.log_prob(z)).mean()

    training.fit(
        nn.ModuleList([encoder, decoder]),
        loss,
        bits()[0],
        num_steps=800,
        batch_size=200,
        lr=0.02,
        decay=True,
        progress=False,
    )
    with torch.no_grad():
        test = bits()[1]
        return encoder, decoder, categorical.elbo(test, encoder(test), decoder).mean().item()


def relaxed(q: OneHotCategorical, temperature: float) -> RelaxedOneHotCategorical:
    """Gumbel-softmax: softmax((logits + Gumbel noise) / t)."""
    t = torch.tensor(temperature, dtype=q.logits.dtype)
    return RelaxedOneHotCategorical(t, logits=q.logits, validate_args=False)


def one_image() -> tuple[Callable[[Tensor], Tensor], OneHotCategorical]:
    """h(z) = log p(x | z) of the first test image, by the decoder that the exact sum taught; and a
    q that knows nothing."""
    x, decoder = bits()[1][0].double(), deep.frozen(deep.in_double(learn("exact")[1]))
    q = OneHotCategorical(logits=torch.zeros(10, dtype=torch.float64))
    return lambda z: decoder(z).log_prob(x), q


def exact_gradient(values: Tensor, q: OneHotCategorical) -> Tensor:
    """d/d logits of sum_k q_k values_k: q_k (values_k - their mean), (C,)."""
    return q.probs * (values - (q.probs * values).sum())


def explore_temperature() -> Explorer:
    """4000 estimates along the exact gradient, by temperature, with their mean."""
    h, q = one_image()
    exact = exact_gradient(h(torch.eye(10).double()), q)
    length = exact.norm().item()
    edges = np.linspace(-12, 18, 61)

    def along(temperature: float) -> Tensor:
        with seeded():
            drawn = gradients.gumbel_softmax(h, q, 4000, temperature)
        return drawn["logits"] @ (exact / length)

    def scene():
        fig, ax = style.subplots()
        ax.set(xlim=(-12, 18), ylim=(0, 0.52), xlabel="estimate along the exact gradient, nats")
        ax.set(ylabel="density", title="Gumbel-softmax beside the truth")
        ax.text(length + 0.3, 0.46, f"— exact {length:.2f}", color=TRUTH.ink)
        return fig, {
            "bars": ax.add_patch(Polygon(np.zeros((3, 2)), **PATH.area)),
            "truth": ax.plot([], [], **TRUTH.line)[0],
            "mean": ax.plot([], [], **PATH.line | {"color": style.INK})[0],
            "text": ax.text(-11.6, 0.46, "", color=style.INK),
        }

    def update(temperature: float) -> dict:
        drawn = along(temperature)
        mean, spread = drawn.mean().item(), drawn.std().item()
        return {
            "bars": histogram(drawn, edges, 0.5),
            "truth": ([length, length], [0, 0.52]),
            "mean": ([mean, mean], [0, 0.44]),
            "text": f"- - mean {mean:.2f}, sd {spread:.2f}",
            "alt": f"At temperature {temperature:.2f} four thousand Gumbel-softmax estimates have "
            f"mean {mean:.2f} and standard deviation {spread:.2f} along the exact gradient, whose "
            f"length is {length:.2f}.",
        }

    control = widgets.FloatLogSlider(
        value=1, base=10, min=-1, max=0.8, step=0.1, description="temperature t"
    )
    strip = [{"temperature": 10.0**power} for power in (-1, -0.3, 0.8)]
    return Explorer(scene, update, {"temperature": control}, strip)


def plot_classes(decoder: deep.Decoder) -> Picture:
    """The ten images of the decoder."""
    fig, ax = style.subplots(height=2.2)
    with torch.no_grad():
        chances = decoder(torch.eye(10)).mean
    ax.imshow(mosaic(chances), cmap="gray", vmin=0, vmax=1)
    ax.set(xticks=[], yticks=[], title="All that this code can say")
    return figure(
        fig,
        alt="Ten images, one a class: the chance of every pixel. Some are digits, "
        "some are two digits in one.",
    )


def plot_elbos() -> Picture:
    """Five seeds of every way to the gradient."""
    fig, ax = style.subplots()
    for row, (name, (how, _)) in enumerate(WAYS.items()):
        role = TRUTH if how == "exact" else PATH if how[0].isdigit() else SCORE
        ax.plot(ELBOS[name], [-row] * 5, **role.dots | {"markersize": 11})
    ax.set_yticks([-row for row in range(len(WAYS))], list(WAYS))
    ax.set_xticks([-21.5, -21, -20.5, -20, -19.5])
    ax.set(xlabel="ELBO, nats per test image", title="Ten classes, 800 steps, five seeds")
    said = "; ".join(f"{name} {min(elbo):.1f} to {max(elbo):.1f}" for name, elbo in ELBOS.items())
    return figure(fig, alt=f"Test ELBO after 800 steps, five seeds each, in nats: {said}.")


def surrogate(log_joint: Tensor, log_q: Tensor) -> Tensor:
    """Leave-one-out: one number an image, whose gradient in phi estimates the ELBO's. (S, N) -> (N,)."""
    reward = (log_joint - log_q).detach()
    others = (reward.sum(0) - reward) / (len(reward) - 1)
    return ((reward - others) * log_q).mean(0)


def _weighed(log_joint: Tensor, log_q: Tensor, baseline: Tensor | float) -> Tensor:
    """REINFORCE with any baseline, the reward held."""
    return (((log_joint - log_q).detach() - baseline) * log_q).mean(0)


def _others(reward: Tensor) -> Tensor:
    return (reward.sum(0) - reward) / (len(reward) - 1)


def _given(log_joint: Tensor, log_q: Tensor) -> Tensor:
    reward = log_joint - log_q
    return ((reward - reward.mean()) * log_q).mean(0)


def _moving(log_joint: Tensor, log_q: Tensor) -> Tensor:
    reward = log_joint - log_q
    return ((reward - _others(reward)) * log_q).mean(0)


Exercise(
    "09.6",
    surrogate,
    cases=[
        (normal(4, 3) - 20, normal(4, 3, seed=1) - 2),
        (normal(2, 2, seed=2), normal(2, 2, seed=3)),
    ],
    gradients=("log_joint", "log_q"),
    mistakes=[
        Mistake(
            _given, "That is the one given. What, in it, has a gradient that should have none?"
        ),
        Mistake(
            lambda log_joint, log_q: _weighed(
                log_joint, log_q, (log_joint - log_q).detach().mean()
            ),
            "Held: one fault less. But the mean is over draws *and images*: an image on which every "
            "class does well then pushes all its classes up. One baseline an image.",
        ),
        Mistake(
            lambda log_joint, log_q: _weighed(
                log_joint, log_q, (log_joint - log_q).detach().mean(0)
            ),
            "Held, and one baseline an image. But every reward is in its own baseline: r − mean = "
            "(1 − 1/S)(r − mean of the others), so the gradient is too small, by 1/S.",
        ),
        Mistake(
            lambda log_joint, log_q: _weighed(
                log_joint,
                log_q,
                ((log_joint - log_q).sum(0) - (log_joint - log_q)).detach() / len(log_q),
            ),
            "Without itself a baseline is a mean of S − 1 rewards: you divide by S.",
        ),
        Mistake(
            _moving,
            "The value is right, but the reward is differentiated too. REINFORCE weighs the score by "
            "a number.",
        ),
        Mistake(
            lambda log_joint, log_q: (
                (log_joint.detach() - _others(log_joint.detach())) * log_q
            ).mean(0),
            "−log q is missing from the reward: the ELBO's is log p(x, z) − log q(z).",
        ),
        Mistake(
            lambda log_joint, log_q: _weighed(log_joint, log_q, 0.0),
            "Unbiased, but without a baseline: this is the noisy one.",
        ),
        Mistake(
            lambda log_joint, log_q: -surrogate(log_joint, log_q),
            "The sign of a loss. Asked is what rises with the ELBO.",
        ),
        Mistake(
            lambda log_joint, log_q: len(log_q) * surrogate(log_joint, log_q),
            "A sum over the draws: its gradient estimates S times the ELBO's.",
        ),
        Mistake(
            lambda log_joint, log_q: surrogate(log_joint, log_q) + log_joint.mean(0),
            "With log p(x, z) added it trains the decoder, too. Asked is the gradient in φ alone.",
        ),
    ],
    nudge="Three questions. Which factor of a score's weight is a number, known before anything is "
    "differentiated? Whose rewards may a baseline of one image hold? May it hold its own?",
    formula="$$\\frac1S\\sum_s\\Big(\\underbrace{r_s-\\frac1{S-1}\\sum_{s'\\ne s}r_{s'}}_{"
    "\\text{held}}\\Big)\\log q(z_s),\\qquad r_s=\\log p(x,z_s)-\\log q(z_s)$$",
)
