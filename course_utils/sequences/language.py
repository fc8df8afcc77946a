"""The course's language: sentences about the sea, the kitchen and the sky, each with its exact
probability, and what a sentence says of its topic.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils import validate
from course_utils.sequences.grammar import Grammar, Rule, Words

__all__ = ["GRAMMAR", "TOPICS", "corpus", "is_negated", "is_question", "log_joint"]

# Of every topic its nouns, verbs and adjectives, with their chances in tenths. Some words are shared.
TOPICS = {
    "sea": (
        {"sailors": 3, "fish": 3, "waves": 2, "stars": 2},
        {"watch": 3, "follow": 3, "clean": 2, "carry": 2},
        {"wet": 4, "cold": 3, "old": 3},
    ),
    "kitchen": (
        {"cooks": 3, "fish": 3, "onions": 2, "pans": 2},
        {"cut": 3, "clean": 3, "taste": 2, "watch": 2},
        {"hot": 4, "cold": 3, "fresh": 3},
    ),
    "sky": (
        {"pilots": 3, "stars": 3, "clouds": 2, "birds": 2},
        {"cross": 3, "watch": 3, "follow": 2, "chase": 2},
        {"bright": 4, "old": 3, "high": 3},
    ),
}


def _rules(topic: str) -> dict[str, list[Rule]]:
    """Statement or question, negated or not; adjectives, an object and an adverb as one likes."""
    S, P, V, N, A, noun, verb, adjective = (
        f"{name} {topic}" for name in ("S", "P", "V", "N", "A", "noun", "verb", "adjective")
    )
    words = dict(zip((noun, verb, adjective), TOPICS[topic], strict=True))
    return {
        S: [
            (0.49, (N, P)),
            (0.21, (N, "do", "not", P)),
            (0.21, ("do", N, P)),
            (0.09, ("do", N, "not", P)),
        ],
        P: [(0.6, (V,)), (0.4, (V, "adverb"))],
        V: [(0.3, (verb,)), (0.7, (verb, N))],
        N: [(0.6, ("the", noun)), (0.4, ("the", A, noun))],
        A: [(0.8, (adjective,)), (0.2, ("very", A))],
        **{
            name: [(n / 10, (word,)) for word, n in chances.items()]
            for name, chances in words.items()
        },
    }


GRAMMAR = Grammar(
    {
        "S": [(1 / 3, (f"S {topic}",)) for topic in TOPICS],
        "adverb": [(0.25, (word,)) for word in ("often", "slowly", "again", "today")],
    }
    | {symbol: rules for topic in TOPICS for symbol, rules in _rules(topic).items()}
)


@validate.typed
def corpus(num_sentences: int) -> tuple[list[Words], Int[Tensor, "N"]]:
    """Independent sentences, and the number of the topic that each was made from."""
    validate.integer(1, num_sentences=num_sentences)
    topics, names = torch.randint(len(TOPICS), (num_sentences,)), list(TOPICS)
    return [GRAMMAR.sample(1, f"S {names[k]}")[0] for k in topics.tolist()], topics


@validate.typed
def log_joint(sentences: Sequence[Words]) -> Float[Tensor, "N 3"]:
    """log p(topic, sentence) in nats, -inf where the topic cannot have made the sentence; float64."""
    if not sentences:
        raise ValueError("sentences must be one or more")
    rows = [[GRAMMAR.log_prob(one, f"S {topic}") for topic in TOPICS] for one in sentences]
    return torch.tensor(rows, dtype=torch.float64) - torch.tensor(3.0).double().log()


def is_question(sentence: Words) -> bool:
    """Whether it asks."""
    return sentence[0] == "do"


def is_negated(sentence: Words) -> bool:
    """Whether it denies."""
    return "not" in sentence
