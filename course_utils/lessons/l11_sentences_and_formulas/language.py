"""1, a language whose truth is known: what a sentence says of its topic, and exercise 11.1."""

from math import inf, log

import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake, Option, Poll


def poll_topic() -> Poll:
    """Two ambiguous words."""
    return Poll(
        "Stars occur in sentences about the sea and the sky, fish in those about the sea and the "
        "kitchen. What is ‘the stars watch the fish’ about?",
        [
            Option("sea or sky, equally likely", False, "Which sentence about the sky has fish?"),
            Option(
                "the sea, for certain",
                True,
                "Only there both words occur. Each alone leaves a doubt, together none.",
            ),
            Option("any of the three", False, "Two of them cannot have made this sentence at all."),
        ],
    )


def information(log_joint: Tensor) -> tuple[Tensor, Tensor]:
    """p(topic | sentence), (N, 3); and the mean nats that a sentence tells of its topic."""
    log_posterior = log_joint.log_softmax(1)
    posterior = log_posterior.exp()
    doubt = -torch.where(posterior > 0, posterior * log_posterior, 0.0).sum(1)
    return posterior, log(3) - doubt.mean()


def _entropy(p: Tensor) -> Tensor:
    return -torch.special.xlogy(p, p).sum(1)


def _with(posterior=None, told=None):
    """A mistake in one of the two."""

    def answer(log_joint: Tensor):
        right = information(log_joint)
        first = posterior(log_joint) if posterior else right[0]
        return first, (told(right[0], log_joint) if told else right[1])

    return answer


_SOME = torch.tensor(
    [[-9.0, -inf, -10.2], [-inf, -7.5, -inf], [-8.0, -8.0, -8.0], [-inf, -11.0, -12.5]]
).double()

Exercise(
    "11.1",
    information,
    cases=[(_SOME,), (_SOME[:2] - 3.0,)],
    mistakes=[
        Mistake(
            _with(told=lambda p, _: log(3) + (p * p.log()).sum(1).mean()),
            "0 times log 0 is no number in floats. A topic that is ruled out adds 0 to the entropy: "
            "torch.special.xlogy, or torch.where.",
        ),
        Mistake(
            _with(told=lambda p, _: _entropy(p).mean()),
            "That is the doubt that is left. What the sentence tells is the doubt before less that.",
        ),
        Mistake(
            _with(told=lambda p, _: log(3) - _entropy(p).sum()),
            "Per sentence: a mean over them, not a sum.",
        ),
        Mistake(
            _with(told=lambda p, _: log(3) - _entropy(p.mean(0, keepdim=True))[0]),
            "The entropy of the mean posterior tells how often each topic occurs. First the entropy "
            "of every sentence, then the mean.",
        ),
        Mistake(
            _with(told=lambda p, _: (log(3) - _entropy(p).mean()) / log(2)),
            "In bits. The course counts nats.",
        ),
        Mistake(
            _with(posterior=lambda log_joint: log_joint.softmax(0)),
            "Your columns sum to 1: that is p(sentence | topic) among these few. Each sentence has "
            "its own posterior: rows sum to 1.",
        ),
        Mistake(
            _with(posterior=lambda log_joint: log_joint.exp()),
            "p(topic, sentence) is not divided by p(sentence) yet.",
        ),
    ],
    nudge="Bayes' rule first: which rows sum to 1? Then, how unsure is one before the sentence, and "
    "how unsure after it?",
    formula="$$p(t\\mid s)=\\frac{p(t,s)}{\\sum_{t'}p(t',s)},\\qquad "
    "\\log 3-\\frac1N\\sum_n\\Big(-\\sum_t p(t\\mid s_n)\\log p(t\\mid s_n)\\Big)$$ "
    "with 0 log 0 = 0.",
)
