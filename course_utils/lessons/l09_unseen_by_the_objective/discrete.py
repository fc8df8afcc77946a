"""8, a discrete code: gradients of ten classes beside the exact one; and exercise 09.5."""

from collections.abc import Callable
from functools import cache

import ipywidgets as widgets
import numpy as np
import torch
from torch import Tensor, nn
from torch.distributions import OneHotCategorical, RelaxedOneHotCategorical, kl_divergence

from course_utils import deep, gradients, training
from course_utils.kit import Exercise, Explorer, Mistake, figure, style
from course_utils.kit.figure import Picture, mosaic
from course_utils.lessons.draws import normal
from course_utils.lessons.l09_unseen_by_the_objective.decides import bits
from course_utils.priors import categorical

TRUTH, PATH, SCORE = (style.ROLES[name] for name in ("truth", "pathwise", "score"))
HOW = {
    "exact": "exact sum",
    "leave-one-out": "leave-one-out of 4",
    "0.3": "Gumbel-softmax, t = 0.3",
    "1.0": "Gumbel-softmax, t = 1",
    "baseline": "REINFORCE, running baseline",
    "plain": "REINFORCE",
}
# Mean test ELBO after 800 steps by each of HOW, seeds 1 to 5. Measured by tests/seeds/lesson_09.py.
ELBOS = {
    "exact": (-19.63, -19.75, -19.61, -19.95, -19.67),
    "leave-one-out": (-19.75, -19.92, -19.71, -19.84, -19.6),
    "0.3": (-19.72, -20.44, -20.22, -19.66, -19.76),
    "1.0": (-21.19, -20.77, -20.95, -20.7, -20.79),
    "baseline": (-20.37, -19.84, -20.07, -20.29, -21.01),
    "plain": (-22.03, -21.99, -22.56, -21.93, -26.97),
}


def made_anew(seed: int) -> tuple[categorical.Encoder, deep.Decoder]:
    """An encoder of ten classes, and a decoder that gives each its 64 logits."""
    torch.manual_seed(seed)
    prior = categorical.uniform(10)
    return categorical.Encoder(64, 10, (64,)), deep.Decoder(10, 64, (), "bernoulli", prior=prior)


@cache
def learn(how: str, seed: int = 1) -> tuple[nn.Module, deep.Decoder, float]:
    """800 steps for encoder and decoder by `how`: "exact", "plain", "baseline", "leave-one-out", or a Gumbel
    temperature such as "0.3"; and the mean test ELBO.
    """
    encoder, decoder = made_anew(seed)
    running = [0.0]

    def loss(x: Tensor) -> Tensor:
        q = encoder(x)
        if how == "exact":
            return -categorical.elbo(x, q, decoder).mean()
        if how[0].isdigit():
            z = relaxed(q, float(how)).rsample()
            return -(decoder(z).log_prob(x) - kl_divergence(q, decoder.prior)).mean()
        z = q.sample(torch.Size([4 if how == "leave-one-out" else 1]))
        log_joint, log_q = decoder(z).log_prob(x) + decoder.prior.log_prob(z), q.log_prob(z)
        reward = (log_joint - log_q).detach()
        baseline: float | Tensor = 0.0
        if how == "leave-one-out":
            baseline = (reward.sum(0) - reward) / 3
        if how == "baseline":
            baseline = running[0]
            running[0] += 0.1 * (reward.mean().item() - baseline)
        return -(log_joint + (reward - baseline) * log_q).mean()

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
        with torch.random.fork_rng():
            torch.manual_seed(0)
            drawn = gradients.gumbel_softmax(h, q, 4000, temperature)
        return drawn["logits"] @ (exact / length)

    def scene():
        fig, ax = style.subplots()
        ax.set(xlim=(-12, 18), ylim=(0, 0.52), xlabel="estimate along the exact gradient, nats")
        ax.set(ylabel="density", title="Gumbel-softmax beside the truth")
        bars = {
            f"bar_{i}": ax.bar(edges[i], 0, 0.5, align="edge", **PATH.area)[0] for i in range(60)
        }
        ax.axvline(length, **TRUTH.line)
        ax.text(length + 0.3, 0.46, f"— exact {length:.2f}", color=TRUTH.ink)
        return fig, bars | {
            "mean": ax.plot([], [], **PATH.line | {"color": style.INK})[0],
            "text": ax.text(-11.6, 0.46, "", color=style.INK),
        }

    def update(temperature: float) -> dict:
        drawn = along(temperature)
        heights = np.histogram(drawn.numpy(), edges)[0] / len(drawn) / 0.5
        mean, spread = drawn.mean().item(), drawn.std().item()
        bars = {f"bar_{i}": (edges[i], 0, 0.5, min(h, 0.5)) for i, h in enumerate(heights)}
        return bars | {
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
    for row, how in enumerate(HOW):
        role = TRUTH if how == "exact" else PATH if how[0].isdigit() else SCORE
        ax.plot(ELBOS[how], [-row] * 5, **role.dots | {"markersize": 11})
    ax.set_yticks([-row for row in range(len(HOW))], list(HOW.values()))
    ax.set(xlabel="ELBO, nats per test image", title="Ten classes, 800 steps, five seeds")
    said = "; ".join(
        f"{name} {min(ELBOS[h]):.1f} to {max(ELBOS[h]):.1f}" for h, name in HOW.items()
    )
    return figure(fig, alt=f"Test ELBO after 800 steps, five seeds each, in nats: {said}.")


def surrogate(log_joint: Tensor, log_q: Tensor, baseline: float) -> Tensor:
    """A number a sample whose gradient in phi is REINFORCE's estimate of the ELBO's: (S,)."""
    reward = (log_joint - log_q).detach()
    return (reward - baseline) * log_q


Exercise(
    "09.5",
    surrogate,
    cases=[
        (normal(5) - 20, normal(5, seed=1) - 2, -17.0),
        (normal(3, seed=2), normal(3, seed=3), 0.5),
    ],
    gradients=("log_joint", "log_q"),
    mistakes=[
        Mistake(
            lambda log_joint, log_q, baseline: (log_joint - log_q - baseline) * log_q,
            "The value is right, but the reward is differentiated too. REINFORCE weighs the score by "
            "a number: detach it.",
        ),
        Mistake(
            lambda log_joint, log_q, baseline: (log_joint.detach() - baseline) * log_q,
            "−log q is missing from the reward: the ELBO's is log p(x, z) − log q(z).",
        ),
        Mistake(
            lambda log_joint, log_q, baseline: (log_joint - log_q).detach() * baseline * log_q,
            "A baseline is subtracted. As a factor it scales the gradient.",
        ),
        Mistake(
            lambda log_joint, log_q, baseline: (log_joint - log_q).detach() * log_q,
            "Unbiased, but the baseline is not used: this is the noisy one.",
        ),
        Mistake(
            lambda log_joint, log_q, baseline: -((log_joint - log_q).detach() - baseline) * log_q,
            "The sign of a loss. Asked is what rises with the ELBO.",
        ),
        Mistake(
            lambda log_joint, log_q, baseline: (
                ((log_joint - log_q).detach() - baseline) * log_q.exp()
            ),
            "The score is the gradient of log q, not of q: samples already come in q's proportion.",
        ),
        Mistake(
            lambda log_joint, log_q, baseline: surrogate(log_joint, log_q, baseline) + log_joint,
            "With log p(x, z) added it trains the decoder, too. Asked is the gradient in φ alone.",
        ),
    ],
    nudge="What multiplies the score is a number, known before anything is differentiated.",
    formula="$$(\\underbrace{\\log p(x, z) - \\log q(z)}_{\\text{held}} - b)\\,\\log q(z)$$",
)
