"""Lesson 11: questions, explorers, figures, stored tables, formulas of exercises."""

import pytest
import torch
from pictures import drawn, faults
from questions import ill_posed

from course_utils.lessons.l11_sentences_and_formulas import (
    between,
    collapse,
    hunt,
    language,
    library,
    models,
    remedies,
    stored,
    texts,
)
from course_utils.sequences import formulas, language_model, search, vae
from course_utils.sequences.language import GRAMMAR
from course_utils.sequences.language_model import Recurrent

POLLS = {
    "topic": language.poll_topic,
    "too good": models.poll_too_good,
    "higher": collapse.poll_higher,
    "cheapest": remedies.poll_cheapest,
    "mean": collapse.poll_mean,
    "between": between.poll_between,
    "far": library.poll_far,
    "hunt": hunt.poll_hunt,
}


def untrained(seed: int = 0):
    torch.manual_seed(seed)
    return texts.pair()


@pytest.fixture(scope="module")
def writer() -> Recurrent:
    """Of formulas, a few steps."""
    torch.manual_seed(0)
    encoder, decoder = vae.Encoder(9, 2, hidden=16), Recurrent(9, 2, hidden=24)
    tokens = library.VOCABULARY.encode(library.library()[:1000], formulas.LONGEST + 1)
    vae.fit(tokens, encoder, decoder, 60, beta=0.1, batch_size=64, progress=False)
    return decoder


@pytest.mark.parametrize("name", POLLS)
def test_a_question_has_one_right_answer_and_every_option_a_reason(name):
    assert not ill_posed(POLLS[name]())


@pytest.fixture(scope="module")
def seeker(writer):
    """The explorer of searches, with few evaluations and a coarse map."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hunt, "BUDGET", 25)
        patch.setattr(library, "NODES", 13)
        return hunt.explore_hunt(writer)


def test_every_corner_is_a_frame_that_can_be_read(seeker):
    assert not faults(remedies.explore_dropout())
    assert not faults(between.explore_between(untrained()))
    assert not faults(seeker)


def test_the_figures_can_be_read_and_describe_themselves_with_numbers(writer, monkeypatch):
    monkeypatch.setattr(library, "NODES", 13)
    scores = {"words": -22.1, "pairs": -12.4, "GRU": -10.17}
    assert "GRU 0.13" in drawn(lambda: models.plot_scores(scores, -10.04))
    assert "word dropout: ELBO 0.47 below" in drawn(remedies.plot_remedies)
    ways = drawn(between.plot_shares)
    assert "as it is: 1.00 grammatical" in ways
    assert "unrelated: 1.00 grammatical, 9.0 different, ends 0%" in ways
    ranks = drawn(hunt.plot_ranks)
    assert "drawn from the grammar median 111" in ranks and "without the best 300 median" in ranks
    assert "400 test sentences" in drawn(lambda: collapse.plot_means(untrained()[0]))
    assert "at 6" in drawn(lambda: library.plot_map(writer))


def test_the_references_are_the_librarys():
    torch.manual_seed(0)
    logits, tokens = torch.randn(3, 4, 5), torch.tensor([[1, 2, 0, 0], [4, 4, 1, 0], [0, 0, 0, 0]])
    torch.testing.assert_close(
        models.log_likelihood(logits.log_softmax(-1), tokens),
        language_model.log_prob(logits, tokens),
    )
    mean, scale = torch.randn(5).double(), torch.rand(5).double() + 0.1
    torch.testing.assert_close(
        hunt.improvement(mean, scale, 0.2), search.improvement(mean, scale, 0.2)
    )
    by_length = [sum(len(one) == n for one in formulas.everything()) for n in range(1, 10)]
    assert [library.count(n) for n in range(1, 10)] == by_length


def test_the_test_sentences_have_their_exact_log_p():
    some = texts.corpus().sentences[:40]
    assert texts.VOCABULARY.decode(texts.corpus().test[:40]) == some
    exact = [GRAMMAR.log_prob(one) for one in some]
    torch.testing.assert_close(texts.limit()[:40], torch.tensor(exact).double())


def test_ways_between_ends():
    a, b = ("the", "fish", "watch"), ("do", "the", "cooks", "cut", "the", "pans")
    joins = between.joined(a, b)
    assert joins[0] == a and joins[-1] == b and len(joins) == between.STEPS
    assert between.grammatical([[a, a, b, b]]) == 1 and between.passed([[a, a, b, b]]) == 2
    assert between.kept([[a, a, b], [b, a, a]], [(a, b), (a, b)]) == 0.5
    walks = between.decoded(untrained(), [(a, b), (b, a)])
    assert walks[0] == walks[1][::-1] and len(walks[0]) == between.STEPS


def test_the_library_lacks_the_best_and_has_no_twice():
    kept = library.library()
    assert len(set(kept)) == library.SIZE
    best = set(list(formulas.everything())[: library.BEST])
    assert not best & set(kept) and set(kept) < set(formulas.everything())


def test_the_stored_tables_say_what_the_text_says():
    nothing, annealed, free, dropout, small = (
        torch.tensor(rows).mean(0) for rows in stored.REMEDIES.values()
    )
    assert 0.4 < annealed[3] < 0.5 and 0.6 < free[3] < 0.67 and 0.6 < dropout[3] < 0.67
    assert nothing[2] - small[2] > 1 and nothing[1] < 0.06
    rates, drawn_codes, means = torch.tensor(stored.MEANS).T
    assert (
        rates.max() < 0.06 and drawn_codes.max() < 0.035 and 0.39 < means.min() < means.max() < 0.7
    )
    ranks = {how: torch.tensor(found) for how, found in stored.RANKS.items()}
    assert won(ranks["Bayes"], ranks["prior"]) == pytest.approx(0.80)
    assert won(ranks["Bayes"], ranks["grammar"]) == pytest.approx(0.43)
    assert won(ranks["Bayes"], hunt.shuffled()) == pytest.approx(0.56, abs=0.005)
    assert won(ranks["Bayes"], hunt.shuffled(300)) == pytest.approx(0.91, abs=0.005)
    assert list(stored.RANKS) == list(hunt.HOW)


def won(one, other):
    """The share of all pairs of runs in which the first has the better rank, ties half."""
    return ((one[:, None] < other).double() + (one[:, None] == other) / 2).mean().item()


@pytest.mark.parametrize("left_out", [0, 300])
def test_shuffled_lists_find_what_the_exact_percentiles_say(left_out):
    scores = list(formulas.everything().values())[left_out:]
    torch.manual_seed(0)
    best = [torch.randperm(len(scores))[: hunt.BUDGET].min().item() for _ in range(400)]
    ranks = torch.tensor([formulas.rank(scores[i]) for i in sorted(best)[99:400:100]])
    wanted = hunt.shuffled(left_out)
    assert (wanted[[16, 41, 66]] <= ranks[:3]).all() and (ranks[:3] <= wanted[[32, 57, 82]]).all()


def test_the_search_is_drawn_over_evaluations_not_codes(seeker):
    """Codes that decode to no formula, or to one already asked, take no room on the axis."""
    spent, _ = seeker.frame(how="prior", spent=25)["best"]
    assert len(spent) > spent[-1] == 25
    early = seeker.frame(how="prior", spent=10)
    assert early["best"][0][-1] <= 10 and "after 10 evaluations" in early["alt"]


def test_the_ways_shown_are_the_first_pairs():
    shown = between.explore_between(untrained()).frame(pair_number=2, step=0)
    a, b = between.pairs()[1]
    assert shown["first"].endswith(" ".join(a)) and shown["last"].endswith(" ".join(b))


def test_unrelated_sentences_win_two_scores_and_fail_the_third():
    ends = between.pairs(20)
    torch.manual_seed(0)
    walks = between.unrelated(ends)
    assert between.grammatical(walks) == 1 and between.passed(walks) > 8.8
    assert between.kept(walks, ends) < 0.05


def test_a_stored_rank_is_found_again():
    found = hunt.seek("grammar", Recurrent(9, 2), seed=2)
    assert formulas.rank(found.best) == stored.RANKS["grammar"][1]
    assert len(found.tried) == hunt.BUDGET
