"""Grammars against enumeration and sums by hand; tokens; formulas against Python."""

import itertools
import math
from collections import Counter

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.sequences import formulas, language
from course_utils.sequences.grammar import Grammar
from course_utils.sequences.tokens import Vocabulary, batches, counted, shifted

# Two derivations of "a a a" from S: (a a) a by the first rule, a (a a) by the second.
AMBIGUOUS = Grammar(
    {"S": [(0.5, ("A", "B")), (0.5, ("B", "A"))], "A": [(1.0, ("a", "a"))], "B": [(1.0, ("a",))]}
)
ENDLESS = Grammar({"S": [(0.7, ("a",)), (0.3, ("a", "S"))]})


def test_a_string_with_two_derivations_has_both_their_probabilities():
    assert AMBIGUOUS.log_prob(("a",) * 3) == pytest.approx(0.0)
    assert AMBIGUOUS.strings(3) == {("a",) * 3: pytest.approx(1.0)}
    assert AMBIGUOUS.log_prob(("a",) * 2) == -math.inf


@given(st.integers(1, 12))
def test_an_endless_grammar_has_geometric_lengths(n):
    assert ENDLESS.log_prob(("a",) * n) == pytest.approx(math.log(0.7 * 0.3 ** (n - 1)))
    assert ENDLESS.lengths(n)[n] == pytest.approx(0.7 * 0.3 ** (n - 1))


@pytest.mark.parametrize("longest", [3, 5, 6])
def test_the_language_by_enumeration(longest):
    """Sums by length without a list; and every derivation's probability on a part of the list."""
    listed, lengths = language.GRAMMAR.strings(longest), language.GRAMMAR.lengths(longest)
    by_length: Counter = Counter()
    for words, p in listed.items():
        by_length[len(words)] += p
    assert [by_length[n] for n in range(longest + 1)] == pytest.approx(lengths)
    for words, p in itertools.islice(listed.items(), 0, None, 97):
        assert language.GRAMMAR.log_prob(words) == pytest.approx(math.log(p))


def test_the_language_and_its_tail_sum_to_one():
    assert sum(language.GRAMMAR.lengths(80)) == pytest.approx(1.0, abs=1e-12)


def test_samples_have_the_probabilities_and_obey_the_seed():
    torch.manual_seed(0)
    drawn = language.GRAMMAR.sample(4000)
    torch.manual_seed(0)
    assert language.GRAMMAR.sample(4000) == drawn
    short = language.GRAMMAR.strings(4)
    share = sum(words in short for words in drawn) / len(drawn)
    assert share == pytest.approx(sum(short.values()), abs=0.02)
    assert all(map(language.GRAMMAR.accepts, drawn[:200]))
    assert not language.GRAMMAR.accepts(("the", "stars", "not", "watch"))
    assert not language.GRAMMAR.accepts(("do", "the", "cooks", "chase"))


def test_topics_are_drawn_with_their_posterior():
    torch.manual_seed(1)
    sentences, topics = language.corpus(800)
    joint = language.log_joint(sentences)
    assert joint.logsumexp(1)[:50].tolist() == pytest.approx(
        [language.GRAMMAR.log_prob(one) for one in sentences[:50]]
    )
    posterior = joint.softmax(1)
    assert (posterior.gather(1, topics[:, None]) > 0).all()
    unsure = posterior.amax(1) < 0.9
    hit = (posterior.argmax(1) == topics)[unsure].double()
    assert hit.mean() == pytest.approx(posterior.amax(1)[unsure].mean().item(), abs=0.12)


def test_questions_and_negations_are_seen():
    assert language.is_question(("do", "the", "fish", "watch"))
    assert not language.is_negated(("do", "the", "fish", "watch"))
    assert language.is_negated(("the", "fish", "do", "not", "watch"))


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ({"S": [(0.5, ("a",))]}, "rules of 'S' must have probabilities above 0 that sum to 1"),
        ({"S": [(0.0, ("a",)), (1.0, ("b",))]}, "rules of 'S' must have probabilities above 0"),
        ({"S": []}, "rules of 'S'"),
        ({"S": [(1.0, ())]}, "no empty right side"),
        ({"S": [(1.0, ("A", "x"))], "A": [(1.0, ("S",))]}, "must not lead around"),
        ({"A": [(1.0, ("a",))]}, "start must be one of A"),
    ],
)
def test_a_bad_grammar_is_named(rules, says):
    with pytest.raises(ValueError, match=says):
        Grammar(rules)


WORDS = Vocabulary(("a", "b", "c"))
STRINGS = st.lists(st.lists(st.sampled_from("abc"), max_size=6).map(tuple), min_size=1, max_size=8)


@given(STRINGS, st.integers(0, 3))
@settings(max_examples=50)
def test_strings_come_back_from_their_tokens(strings, room):
    tokens = WORDS.encode(strings, 1 + max(map(len, strings)) + room)
    assert WORDS.decode(tokens) == strings
    assert counted(tokens).sum(1).tolist() == [len(one) + 1 for one in strings]
    assert (shifted(tokens)[:, 1:] == tokens[:, :-1]).all() and (shifted(tokens)[:, 0] == 0).all()


@given(STRINGS, st.integers(1, 4))
@settings(max_examples=50)
def test_batches_hold_every_row_but_the_shortest_and_little_padding(strings, size):
    size = min(size, len(strings))
    parts = batches(WORDS.encode(strings), size)
    rows = [row for part in parts for row in WORDS.decode(part)]
    left_out = len(strings) % size
    assert sorted(map(len, rows)) == sorted(map(len, strings))[left_out:]
    assert all(len(part) == size and counted(part)[:, -1].any() for part in parts)


def test_unknown_words_and_short_lengths_are_named():
    with pytest.raises(ValueError, match="strings must be of words, got 'x'"):
        WORDS.encode([("x",)])
    with pytest.raises(ValueError, match="length at least 3, got 2"):
        WORDS.encode([("a", "b")], 2)
    with pytest.raises(ValueError, match="words must be one or more"):
        Vocabulary(("a", "a"))


def test_values_are_pythons():
    """By Python's own rules of what binds closer."""
    names = {"sin": torch.sin, "exp": torch.exp, "x": formulas.X}
    names |= {"one": torch.ones_like(formulas.X), "two": 2 * torch.ones_like(formulas.X)}
    everything = list(formulas.everything())
    for formula in everything[:200:9] + everything[1000:20_000:997]:
        text = "".join(formula).replace("1", "one").replace("2", "two")
        torch.testing.assert_close(formulas.value(formula), eval(text, names), equal_nan=True)


def test_all_formulas_are_counted_by_recursion_and_by_brute_force():
    """Brute force: all strings of up to five words that Python's grammar and ours accept."""
    words = formulas.GRAMMAR.words
    accepted = sum(
        formulas.GRAMMAR.accepts(string)
        for n in (1, 2, 3, 4)
        for string in itertools.product(words, repeat=n)
    )
    assert accepted == 3 + 24
    assert Counter(map(len, formulas.everything())) == {1: 3, 3: 24, 5: 228, 7: 2400, 9: 26976}


def test_scores_fall_and_the_best_is_known():
    scores = list(formulas.everything().values())
    assert scores == sorted(scores, reverse=True) and min(scores) == formulas.LOWEST
    best = ("x", "+", "sin(", "x", "*", "x", ")")
    assert formulas.score(best) == pytest.approx(-math.log1p(1 / 9))
    assert formulas.rank(formulas.score(best)) == 1
    assert formulas.rank(scores[-1]) == 1 + sum(one > formulas.LOWEST for one in scores)
    assert formulas.score(("x", "+")) == formulas.LOWEST
