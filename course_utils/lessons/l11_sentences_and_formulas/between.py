"""6, between two sentences: codes on a line, decoded; and cut-and-join for comparison."""

import ipywidgets as widgets
import torch

from course_utils.kit import Explorer, Option, Poll, figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.l11_sentences_and_formulas import texts
from course_utils.lessons.l11_sentences_and_formulas.stored import SHARES
from course_utils.sequences import language, vae
from course_utils.sequences.grammar import Words
from course_utils.sequences.language_model import Recurrent

TRUTH, Q, MODEL, GAP = (style.ROLES[name] for name in ("truth", "q", "model", "gap"))
STEPS = 9  # on the way from one sentence to another, both ends with it
PLACES = ((0.85, 0.93), (3.35, 0.93), (6.0, 0.88), (7.0, 0.68), (6.9, 0.45), (8.7, 0.93))


def pairs(number: int = 100) -> list[tuple[Words, Words]]:
    """Test sentences two by two."""
    sentences = texts.corpus().sentences
    return list(zip(sentences[:number], sentences[number : 2 * number], strict=True))


@torch.no_grad()
def decoded(pair, ends: list[tuple[Words, Words]]) -> list[list[Words]]:
    """For every pair the sentences along the line between the two means of q, decoded greedily."""
    encoder, decoder = pair
    a, b = (
        encoder(texts.VOCABULARY.encode(list(side), texts.LENGTH)).mean
        for side in zip(*ends, strict=True)
    )
    share = torch.linspace(0, 1, STEPS)[:, None, None]
    z = ((1 - share) * a + share * b).flatten(0, 1)
    words = texts.VOCABULARY.decode(decoder.write(len(z), texts.LENGTH, z, greedy=True))
    return [words[n :: len(ends)] for n in range(len(ends))]


def joined(a: Words, b: Words) -> list[Words]:
    """The first words of b and the last of a, more and more of b."""
    shares = torch.linspace(0, 1, STEPS).tolist()
    return [b[: round(share * len(b))] + a[round(share * len(a)) :] for share in shares]


def unrelated(ends: list[tuple[Words, Words]]) -> list[list[Words]]:
    """For every pair nine sentences of the grammar, drawn without a look at its ends."""
    return [language.GRAMMAR.sample(STEPS) for _ in ends]


def grammatical(walks: list[list[Words]]) -> float:
    """Share of all steps, ends left out, that the grammar accepts."""
    steps = [one for walk in walks for one in walk[1:-1]]
    return sum(language.GRAMMAR.accepts(one) for one in steps) / len(steps)


def passed(walks: list[list[Words]]) -> float:
    """How many different sentences there are on a way, on average."""
    return sum(len(set(walk)) for walk in walks) / len(walks)


def kept(walks: list[list[Words]], ends: list[tuple[Words, Words]]) -> float:
    """Share of the ends that decode to themselves."""
    right = sum((w[0] == a) + (w[-1] == b) for w, (a, b) in zip(walks, ends, strict=True))
    return right / (2 * len(ends))


def poll_between() -> Poll:
    """What a share of grammatical steps says."""
    return Poll(
        "On the way between the codes of two sentences every decoded sentence is grammatical, for 100 "
        "pairs out of 100. So the code …",
        [
            Option(
                "may still say nothing",
                True,
                "A decoder that ignores z writes the same good sentence everywhere. Ask also how many "
                "sentences it passes, and whether the ends are kept.",
            ),
            Option("is smooth and well used", False, "Who says that the decoder looked at it?"),
            Option("holds the grammar", False, "The decoder holds the grammar, with any code."),
        ],
    )


def explore_between(pair: tuple[vae.Encoder, Recurrent]) -> Explorer:
    """A slider between two test sentences: what the code decodes to, and its exact log p."""
    ends = pairs()
    walks = decoded(pair, ends)

    def scene():
        fig, (top, bottom) = _rows()
        top.set_axis_off()
        top.set(xlim=(0, 1), ylim=(0, 1))
        bottom.set(xlim=(-0.3, STEPS - 0.7), ylim=(-24, 0), xlabel="step between the two codes")
        bottom.set(ylabel="log p, nats")
        return fig, {
            "first": top.text(0, 1.0, "", color=TRUTH.ink, va="top"),
            "now": top.text(0, 0.78, "", color=MODEL.ink, va="top"),
            "last": top.text(0, 0.16, "", color=TRUTH.ink, va="top"),
            "path": bottom.plot([], [], "o-", color=style.PALE)[0],
            "point": bottom.plot([], [], **MODEL.dots | {"markersize": 12})[0],
        }

    def update(pair_number: int, step: int) -> dict:
        n = pair_number - 1
        a, b = (" ".join(one) for one in ends[n])
        walk = walks[n]
        heights = [max(-24.0, language.GRAMMAR.log_prob(one)) for one in walk]
        said = "grammatical" if heights[step] > -24 else "no sentence of the grammar"
        log_p = (
            f"log p {heights[step]:.1f}".replace("-", "−") if heights[step] > -24 else "log p −∞"
        )
        return {
            "first": f"from  {a}",
            "now": f"step {step}:  {texts.broken(walk[step], 62)}\n{said}, {log_p}",
            "last": f"to  {b}",
            "path": (list(range(STEPS)), heights),
            "point": ([step], [heights[step]]),
            "alt": f"From ‘{a}’ to ‘{b}’, step {step} of {STEPS - 1}: ‘{' '.join(walk[step])}’, "
            f"{said}, {log_p}. {len(set(walk))} different sentences on the way.",
        }

    controls = {
        "pair_number": widgets.IntSlider(value=1, min=1, max=10, description="pair"),
        "step": widgets.IntSlider(value=4, min=0, max=STEPS - 1, description="step"),
    }
    strip = [{"pair_number": 1, "step": step} for step in (0, 4, 8)]
    return Explorer(scene, update, controls, strip)


def _rows():
    fig = style.subplots()[0]
    fig.clear()
    return fig, fig.subplots(2, 1, height_ratios=[1, 1])


def plot_shares() -> Picture:
    """Five seeds: grammatical steps against different sentences on the way."""
    fig, ax = style.subplots()
    look = dict(
        zip(
            SHARES,
            ((TRUTH, "o"), (Q, "D"), (Q, "s"), (MODEL, "^"), (GAP, "v"), (TRUTH, "*")),
            strict=True,
        )
    )
    places = dict(zip(SHARES, PLACES, strict=True))
    said = []
    for name, rows in SHARES.items():
        role, mark = look[name]
        valid, passed, kept, rate = torch.tensor(rows).T
        ax.plot(passed, valid, **role.dots | {"marker": mark, "markersize": 11, "alpha": 0.7})
        paid = "" if rate.isnan().any() else f"rate {rate.mean():.{0 if rate.mean() > 2 else 1}f}, "
        below = f"{paid}ends {kept.mean():.0%}"
        ax.text(*places[name], f"{name}\n{below}", color=role.ink, va="top")
        said.append(
            f"{name}: {valid.mean():.2f} grammatical, {passed.mean():.1f} different, {below}"
        )
    ax.set(xlim=(0.7, 10.4), ylim=(0.1, 1.06), ylabel="grammatical, of inner steps")
    ax.set(xlabel="different sentences among the nine on the way", title="Three scores of a way")
    return figure(fig, alt=f"100 pairs of sentences, means of five seeds. {'; '.join(said)}.")
