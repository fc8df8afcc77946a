"""2, three models of sentences: counting what is predicted, and exercise 11.2."""

import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake, Option, Poll, figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.draws import normal
from course_utils.sequences.tokens import counted

MODEL = style.ROLES["model"]


def poll_too_good() -> Poll:
    """A score above the limit."""
    return Poll(
        "A colleague's language model of these sentences has a mean log-likelihood of −9.7 nats on "
        "the 1000 test sentences; the grammar itself has −10.04 ± 0.07. Most likely …",
        [
            Option("the model overfits", False, "Then it would do worse on test sentences."),
            Option(
                "the test sentences were easy", False, "The grammar's −10.04 is of the same ones."
            ),
            Option(
                "something is not counted",
                True,
                "Each token left out raises the score. One that is easily forgotten costs half a nat here.",
            ),
            Option("networks can beat a grammar", False, "Not the one that made the sentences."),
        ],
    )


def log_likelihood(log_p: Tensor, tokens: Tensor) -> Tensor:
    """(N,): sum of log p over the words and the first end of every row."""
    each = log_p.gather(-1, tokens[..., None])[..., 0]
    is_end = tokens == 0
    kept = is_end.cumsum(1) <= is_end.long()
    return torch.where(kept, each, 0.0).sum(1)


def _each(log_p: Tensor, tokens: Tensor) -> Tensor:
    return log_p.gather(-1, tokens[..., None])[..., 0]


def _case(rows: list[list[int]], seed: int) -> tuple[Tensor, Tensor]:
    return normal(len(rows), len(rows[0]), 5, seed=seed).log_softmax(-1), torch.tensor(rows)


def _moved(log_p: Tensor, tokens: Tensor) -> Tensor:
    one_late = torch.cat([log_p[:, 1:], log_p[:, :1]], 1)
    return log_likelihood(one_late, tokens)


Exercise(
    "11.2",
    log_likelihood,
    cases=[
        _case([[3, 1, 0, 0, 0], [2, 2, 4, 1, 0], [0, 0, 0, 0, 0]], 0),
        _case([[1, 2, 3, 0], [4, 0, 0, 0]], 1),
    ],
    mistakes=[
        Mistake(
            lambda log_p, tokens: (_each(log_p, tokens) * (tokens != 0)).sum(1),
            "The end is missing: the model predicts it, too. Without it every sentence scores too "
            "high, and all sentences together have a probability above 1.",
        ),
        Mistake(
            lambda log_p, tokens: _each(log_p, tokens).sum(1),
            "The padding is counted: a sentence would score less because its batch is long.",
        ),
        Mistake(
            lambda log_p, tokens: log_likelihood(log_p, tokens) / counted(tokens).sum(1),
            "Per token. The course's unit is nats per data point, here a sentence: a sum.",
        ),
        Mistake(
            lambda log_p, tokens: _each(log_p, tokens).mean(1),
            "A mean over all columns, padding included: longer batches would look better.",
        ),
        Mistake(
            lambda log_p, tokens: log_likelihood(log_p, tokens).sum(),
            "One number a sentence, (N,): the caller takes the mean.",
        ),
        Mistake(
            lambda log_p, tokens: log_likelihood(log_p, tokens).mean(),
            "The mean over sentences is taken by the caller: return (N,).",
        ),
        Mistake(
            lambda log_p, tokens: -log_likelihood(log_p, tokens),
            "The sign of a loss: a log-likelihood of tokens is never above 0.",
        ),
        Mistake(
            _moved,
            "Shifted once too often: column t of log_p already belongs to token t.",
        ),
        Mistake(
            lambda log_p, tokens: log_likelihood(log_p.exp(), tokens),
            "You add up probabilities. Their product is the likelihood, so logarithms are added.",
        ),
    ],
    nudge="Write down one short sentence with its padding. Which of its tokens did the model have to "
    "predict, and which are there because a tensor is a rectangle?",
    formula="$$\\sum_{t\\,\\le\\,\\text{first end}}\\log p(x_t\\mid x_1\\dots x_{t-1})$$ "
    "A token is counted if no end came before it: <code>(tokens == 0).cumsum(1)</code> "
    "counts the ends so far.",
)


def plot_scores(rungs: dict[str, float], limit: float) -> Picture:
    """How far each model's mean log-likelihood is below the limit."""
    fig, ax = style.subplots(height=3.6)
    for row, value in enumerate(rungs.values()):
        ax.barh(-row, limit - value, 0.6, left=0, **MODEL.area)
        ax.text((limit - value) * 1.08, -row, f"{limit - value:.2f}", va="center", color=MODEL.ink)
    ax.set_yticks([-row for row in range(len(rungs))], list(rungs))
    ax.set(xscale="log", xlim=(0.02, 40), xlabel="nats per sentence below the limit")
    ax.set_xticks([0.1, 1, 10], ["0.1", "1", "10"])
    ax.set_title("What each model has not understood")
    said = "; ".join(f"{name} {limit - value:.2f}" for name, value in rungs.items())
    return figure(fig, alt=f"Nats per test sentence below the limit of {limit:.2f}: {said}.")
