"""Lesson 11, sentences and formulas: when the decoder can do without its code.

recall     – check yourself: three questions on lessons 00, 06 and 09
texts      – what all sections share: the sentences, the limit, what is measured
stored     – tables of five or ten seeds, measured by tests/seeds
language   – 1, a language whose truth is known; exercise 11.1
models     – 2, three models of sentences; exercise 11.2
collapse   – 3, a code that nobody needs; 5, a code and its mean
remedies   – 4, four remedies; exercises 11.3 and 11.4
between    – 6, between two sentences
library    – 7, formulas and their codes; exercise 11.5
hunt       – 8, search in the code; exercise 11.6
"""

# ruff: noqa: I001, RUF022 (in the notebook's order)

from course_utils.lessons.l11_sentences_and_formulas.recall import recall
from course_utils.lessons.l11_sentences_and_formulas.stored import (
    DROPOUT,
    MEANS,
    RANKS,
    REMEDIES,
    SHARES,
)
from course_utils.lessons.l11_sentences_and_formulas.texts import VOCABULARY, corpus, limit, told
from course_utils.lessons.l11_sentences_and_formulas.language import poll_topic
from course_utils.lessons.l11_sentences_and_formulas.models import plot_scores, poll_too_good
from course_utils.lessons.l11_sentences_and_formulas.collapse import (
    plot_means,
    poll_higher,
    poll_mean,
)
from course_utils.lessons.l11_sentences_and_formulas.remedies import (
    explore_dropout,
    learn,
    plot_remedies,
    poll_cheapest,
)
from course_utils.lessons.l11_sentences_and_formulas.between import (
    decoded,
    explore_between,
    grammatical,
    joined,
    kept,
    pairs,
    passed,
    plot_shares,
    poll_between,
    unrelated,
)
from course_utils.lessons.l11_sentences_and_formulas.library import (
    VOCABULARY as FORMULA_WORDS,
    at_radius,
    learn as learn_formulas,
    plot_map,
    poll_far,
    valid,
)
from course_utils.lessons.l11_sentences_and_formulas.hunt import (
    explore_hunt,
    foretold,
    seek,
    shuffled,
    plot_ranks,
    poll_hunt,
)

__all__ = [
    "recall",
    "VOCABULARY",
    "corpus",
    "limit",
    "told",
    "poll_topic",
    "poll_too_good",
    "plot_scores",
    "poll_higher",
    "learn",
    "poll_cheapest",
    "plot_remedies",
    "REMEDIES",
    "explore_dropout",
    "DROPOUT",
    "poll_mean",
    "plot_means",
    "MEANS",
    "poll_between",
    "pairs",
    "decoded",
    "joined",
    "unrelated",
    "grammatical",
    "passed",
    "kept",
    "explore_between",
    "plot_shares",
    "SHARES",
    "poll_far",
    "learn_formulas",
    "FORMULA_WORDS",
    "at_radius",
    "valid",
    "plot_map",
    "poll_hunt",
    "seek",
    "shuffled",
    "foretold",
    "explore_hunt",
    "plot_ranks",
    "RANKS",
]
