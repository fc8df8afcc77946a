"""4, four remedies: what each costs and what the code then says; exercises 11.3 and 11.4."""

import ipywidgets as widgets
import torch
from torch import Tensor

from course_utils.kit import Exercise, Explorer, Mistake, Option, Poll, figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.draws import normal
from course_utils.lessons.l11_sentences_and_formulas import texts
from course_utils.lessons.l11_sentences_and_formulas.stored import DROPOUT, REMEDIES, SAID
from course_utils.sequences import vae
from course_utils.sequences.language_model import Recurrent

TRUTH, Q, MODEL, GAP, BOUND = (style.ROLES[k] for k in ("truth", "q", "model", "gap", "bound"))
# name: (the decoder's units, arguments of vae.fit)
WAYS: dict[str, tuple[int, dict]] = {
    "nothing": (64, {}),
    "KL annealed": (64, {"warmup": 200}),
    "free bits": (64, {"free": 0.5}),
    "word dropout": (64, {"dropout": 0.6}),
    "small decoder": (8, {}),
}
SENTENCE = ("the", "cooks", "do", "not", "taste", "the", "hot", "fish")


def learn(hidden: int, seed: int = 1, **way) -> tuple[vae.Encoder, Recurrent]:
    """An encoder and a decoder after 400 steps on the sentences; way: arguments of vae.fit."""
    torch.manual_seed(seed)
    pair = texts.pair(hidden)
    vae.fit(texts.corpus().train, *pair, texts.STEPS, progress=False, **way)
    return pair


def score(pair: tuple[vae.Encoder, Recurrent]) -> dict[str, float]:
    """Of the test sentences, in nats: how far ELBO and evidence (of the first 500) are below the
    limit, the rate, and what is read of the topic from a drawn code and from q's mean.
    """
    test, limit = texts.corpus().test, texts.limit()
    found = vae.parts(test, *pair, 10)
    evidence = vae.evidence(test[:500], *pair, 50)
    return {
        "ELBO": (found.elbo - limit).mean().item(),
        "rate": found.rate.mean().item(),
        "evidence": (evidence - limit[:500]).mean().item(),
        "topic": texts.told(pair[0])["topic"],
        "topic by mean": texts.told(pair[0], means=True)["topic"],
    }


def poll_cheapest() -> Poll:
    """Which remedy costs the least."""
    return Poll(
        "Each of four remedies makes the code say something: the KL's weight rises from 0; half a nat "
        "of each latent's KL is free; 60 % of the words are hidden from the decoder while it learns; "
        "the decoder gets 8 units in place of 64. Which costs most evidence?",
        [
            Option("free bits", False, "The decoder stays strong; mostly the bound pays."),
            Option("hidden words", False, "A little: in the test all words are shown again."),
            Option(
                "8 units",
                True,
                "It has forgotten words that z cannot bring back. The others leave the decoder strong.",
            ),
            Option("annealing", False, "At the end the objective is the ELBO itself."),
        ],
    )


def plot_remedies() -> Picture:
    """Five seeds each: nats below the limit against nats about the topic."""
    fig, ax = style.subplots(height=5)
    marks = dict(zip(REMEDIES, "oDs^v", strict=True))
    for name, rows in REMEDIES.items():
        elbo, _, evidence, topic = torch.tensor(rows).T
        role = {"nothing": TRUTH, "small decoder": GAP}.get(name, Q)
        look = role.dots | {"marker": marks[name], "markersize": 11, "alpha": 0.7}
        ax.vlines(topic, -evidence, -elbo, color=role.color, linewidth=1)
        ax.plot(topic, -elbo, **look)
        ax.plot(
            topic, -evidence, **look | {"markerfacecolor": "white", "markeredgecolor": role.color}
        )
    fig_text = {"nothing": (0.06, 0.105), "KL annealed": (0.17, 0.27), "free bits": (0.72, 0.38)}
    for name, place in (
        fig_text | {"word dropout": (0.45, 0.58), "small decoder": (0.6, 1.3)}
    ).items():
        ax.text(*place, f"{name}, rate {torch.tensor(REMEDIES[name])[:, 1].mean():.1f}")
    ax.set(yscale="log", xlim=(-0.05, 1.12), ylim=(0.09, 3.2))
    ax.set_yticks([0.1, 0.2, 0.5, 1, 2], ["0.1", "0.2", "0.5", "1", "2"])
    ax.set_yticks([], minor=True)
    ax.set(xlabel="nats about the topic, read from a drawn code", ylabel="nats below the limit")
    ax.set_title("What is paid (full: ELBO, hollow: evidence), and what for")
    said = "; ".join(
        f"{name}: ELBO {-row[0]:.2f} below the limit, rate {row[1]:.2f}, evidence {-row[2]:.2f} below, "
        f"topic {row[3]:.2f}"
        for name, rows in REMEDIES.items()
        for row in [torch.tensor(rows).mean(0).tolist()]
    )
    return figure(fig, alt=f"Means of five seeds, in nats. {said}.")


def explore_dropout() -> Explorer:
    """The share of hidden words, the plane, and what a code decodes to."""
    places = {rate: torch.tensor(rows).mean(0).tolist() for rate, rows in DROPOUT.items()}

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1.15, 1])
        shown = [(-elbo - rate, rate) for elbo, rate, _ in places.values()]
        left.plot(*zip(*shown, strict=True), "o-", color=style.PALE)
        ends = [-1.6, 0.5]
        left.plot(ends, [-end for end in ends], **TRUTH.line)
        left.text(-1.5, 1.62, "ELBO = limit", color=TRUTH.ink)
        left.set(xlim=(-1.6, 0.6), ylim=(-0.1, 1.8), title="Rate and distortion")
        left.set(xlabel="distortion less the limit's", ylabel="rate, nats")
        right.set_axis_off()
        right.text(0, 0.95, "code of", color=style.INK)
        right.text(0, 0.82, texts.broken(SENTENCE, 30), color=TRUTH.ink, va="top")
        right.text(0, 0.6, "decodes to", color=style.INK)
        return fig, {
            "point": left.plot([], [], **Q.dots | {"markersize": 12})[0],
            "label": left.text(-1.5, 0.0, "", color=Q.ink),
            "words": right.text(0, 0.52, "", color=MODEL.ink, va="top"),
        }

    def update(dropout: float) -> dict:
        elbo, rate, topic = places[round(dropout, 1)]
        said = SAID[round(dropout, 1)]
        return {
            "point": ([-elbo - rate], [rate]),
            "label": f"ELBO −{-elbo:.2f}\nrate {rate:.2f}\ntopic {topic:.2f}",
            "words": "\n".join(texts.broken(tuple(one.split()), 32) for one in said),
            "alt": f"With {dropout:.0%} of the words hidden in training the ELBO is {-elbo:.2f} nats "
            f"below the limit, the rate {rate:.2f}, and {topic:.2f} nats are read about the topic. "
            f"The code of ‘{' '.join(SENTENCE)}’ decodes to: {'; '.join(said)}.",
        }

    control = widgets.FloatSlider(value=0, min=0, max=0.8, step=0.2, description="words hidden")
    return Explorer(scene, update, {"dropout": control}, [{"dropout": r} for r in (0.0, 0.4, 0.8)])


def hide(read: Tensor, noise: Tensor, share: float, hidden: int) -> Tensor:
    """Tokens (N, T) of which the words with noise below the share are replaced by `hidden`."""
    return torch.where((noise < share) & (read != 0), hidden, read)


def _uniform(*shape: int, seed: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


_READ = torch.tensor([[0, 3, 1, 2, 0, 0], [0, 2, 2, 4, 1, 3], [0, 0, 0, 0, 0, 0]])

Exercise(
    "11.3",
    hide,
    cases=[
        (_READ, _uniform(3, 6, seed=0), 0.6, 5),
        (_READ[:2], _uniform(2, 6, seed=1), 0.3, 5),
        (_READ, _uniform(3, 6, seed=2), 1.0, 5),
    ],
    mistakes=[
        Mistake(
            lambda read, noise, share, hidden: torch.where(noise < share, hidden, read),
            "The ends are hidden, too. The one in front is where the sentence begins; what comes after "
            "the sentence is padding. Spare every 0.",
        ),
        Mistake(
            lambda read, noise, share, hidden: torch.where(
                (noise > share) & (read != 0), hidden, read
            ),
            "The other share: hidden is what has noise below the share. At share 1 all words are.",
        ),
        Mistake(
            lambda read, noise, share, hidden: torch.where((noise < share) & (read != 0), 0, read),
            "0 means an end: the decoder would believe that the sentence was over. Use `hidden`.",
        ),
        Mistake(
            lambda read, noise, share, hidden: torch.where(
                (noise[:, :1] < share) & (read != 0), hidden, read
            ),
            "Whole rows are hidden or not. Each word has its own noise.",
        ),
        Mistake(
            lambda read, noise, share, hidden: torch.where(
                (noise >= 1 - share) & (read != 0), hidden, read
            ),
            "As many are hidden, but others: hide the words whose noise is <i>below</i> the share.",
        ),
    ],
    nudge="Which tokens tell the decoder something about words, and which only where the sentence "
    "begins or that it is over?",
    formula="<code>torch.where(condition, hidden, read)</code>; the condition is that noise is below "
    "share, and that the token is not 0.",
)


def price(kl: Tensor, free: float) -> Tensor:
    """What the KLs (N, H) of a batch cost, if `free` nats of each latent's mean are not counted."""
    return kl.mean(0).clamp(min=free).sum()


Exercise(
    "11.4",
    price,
    cases=[
        (normal(5, 3).square() * torch.tensor([0.2, 1.0, 3.0]).double(), 0.5),
        (normal(4, 2, seed=1).square() + 0.1, 0.7),
    ],
    gradients=("kl",),
    mistakes=[
        Mistake(
            lambda kl, free: kl.clamp(min=free).sum(1).mean(),
            "Clamped sentence by sentence: then each must carry its nats in every latent. Asked is the "
            "mean over the batch, then the larger of it and `free`.",
        ),
        Mistake(
            lambda kl, free: kl.sum(1).mean().clamp(min=free),
            "All latents share one allowance: one of them can use it all and the others stay silent. "
            "Here each has its own.",
        ),
        Mistake(
            lambda kl, free: kl.mean(0).clamp(max=free).sum(),
            "Clamped from above: now nothing stops a code from costing more.",
        ),
        Mistake(
            lambda kl, free: (kl.mean(0) - free).sum(),
            "Below the allowance this pays a latent for being silent: its price must stop falling.",
        ),
        Mistake(
            lambda kl, free: (kl.mean(0) - free).clamp(min=0).sum(),
            "The gradient is right, and training goes the same way. But the number is no longer "
            "comparable with the KL: asked is the larger of `free` and the mean KL.",
        ),
        Mistake(
            lambda kl, free: kl.mean(0).clamp(min=free).mean(),
            "Latents are summed: the KL of a vector is the sum of its parts'.",
        ),
        Mistake(
            lambda kl, free: kl.sum(0).clamp(min=free).sum(),
            "A mean over the sentences of the batch, not their sum.",
        ),
    ],
    nudge="For one latent: its mean over the batch is $m$. What does it cost at $m=0.1$, what at "
    "$m=0.4$, if half a nat is free? Which gradient should it have there?",
    formula="$$\\sum_h\\max\\Big(\\text{free},\\ \\frac1N\\sum_n\\mathrm{KL}_{nh}\\Big)$$",
)
