"""What all sections share: the sentences, the limit, and what is measured of a trained pair."""

from functools import cache
from textwrap import fill
from typing import NamedTuple

import torch
from torch import Tensor

from course_utils.lessons.draws import seeded
from course_utils.sequences import language, vae
from course_utils.sequences.grammar import Words
from course_utils.sequences.language_model import Recurrent
from course_utils.sequences.tokens import Vocabulary

VOCABULARY = Vocabulary(language.GRAMMAR.words)
LENGTH = 18  # tokens a row, the end included
LATENTS, STEPS = 4, 400
READERS = 4000  # training sentences on which what reads a code is trained


class Corpus(NamedTuple):
    """10 000 sentences to train on, 1000 to test: tokens; topic, negation and mood as numbers."""

    train: Tensor
    test: Tensor
    train_labels: dict[str, Tensor]
    test_labels: dict[str, Tensor]
    sentences: list[Words]  # the test's
    log_joint: Tensor  # of the test's sentences with every topic


@cache
def corpus() -> Corpus:
    """The same at every start."""
    with seeded():
        sentences, topics = language.corpus(11_000)
    tokens = VOCABULARY.encode(sentences, LENGTH)
    labels = {
        "topic": topics,
        "negation": torch.tensor([language.is_negated(one) for one in sentences]).long(),
        "question": torch.tensor([language.is_question(one) for one in sentences]).long(),
    }
    return Corpus(
        tokens[:10_000],
        tokens[10_000:],
        {name: label[:10_000] for name, label in labels.items()},
        {name: label[10_000:] for name, label in labels.items()},
        sentences[10_000:],
        language.log_joint(sentences[10_000:]),
    )


@cache
def limit() -> Tensor:
    """Exact log p of every test sentence, (1000,): no model's mean is higher, but for chance."""
    return corpus().log_joint.logsumexp(1)


def pair(hidden: int = 64) -> tuple[vae.Encoder, Recurrent]:
    """An encoder and a decoder for sentences, untrained."""
    size = len(VOCABULARY)
    return vae.Encoder(size, LATENTS), Recurrent(size, LATENTS, hidden)


@torch.no_grad()
def told(encoder: vae.Encoder, means: bool = False) -> dict[str, float]:
    """Nats about topic, negation and question read from a drawn code, or from q's mean."""
    texts = corpus()
    few, new = encoder(texts.train[:READERS]), encoder(texts.test)
    codes, new_codes = (few.mean, new.mean) if means else (few.rsample(), new.rsample())
    return {
        name: vae.readable(codes, texts.train_labels[name][:READERS], new_codes, labels)
        for name, labels in texts.test_labels.items()
    }


def broken(words: Words, most: int) -> str:
    """Words in lines of at most so many letters."""
    return fill(" ".join(words), most, subsequent_indent="  ")
