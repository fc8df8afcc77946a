"""Models of strings against sums over all strings, closed forms and scikit-learn's own numbers."""

import itertools
from math import log

import pytest
import torch
from torch.distributions import kl_divergence

from course_utils.gaussian import Gaussian, StandardNormal
from course_utils.sequences import formulas, language_model, search, vae
from course_utils.sequences.tokens import Vocabulary, counted, shifted

ROWS = torch.tensor([[1, 2, 0, 0, 0], [2, 2, 1, 2, 0], [0, 0, 0, 0, 0]])


def every_row(size: int, longest: int) -> torch.Tensor:
    """All strings of up to so many words, as rows."""
    rows = [
        (*words, *[0] * (longest + 1 - n))
        for n in range(longest + 1)
        for words in itertools.product(range(1, size), repeat=n)
    ]
    return torch.tensor(rows)


@pytest.mark.parametrize("latent_dim", [0, 2])
def test_a_recurrent_model_is_a_density_of_strings(latent_dim):
    """All strings and all beginnings that go on longer have probability 1 together."""
    torch.manual_seed(0)
    model = language_model.Recurrent(3, latent_dim, hidden=5, embedding=4).double()
    rows = every_row(3, 4)
    z = torch.randn(1, latent_dim).double().expand(32, -1) if latent_dim else None
    with torch.no_grad():
        ended = model.log_prob(rows, z[: len(rows)] if latent_dim else None).exp().sum()
        going = torch.tensor(list(itertools.product((1, 2), repeat=5)))
        logits, _ = model(shifted(going), z)
        longer = logits.log_softmax(-1).gather(-1, going[..., None]).sum((1, 2)).exp().sum()
    assert (ended + longer).item() == pytest.approx(1.0)


def test_padding_changes_nothing():
    torch.manual_seed(0)
    model, encoder = language_model.Recurrent(3, 2, hidden=5), vae.Encoder(3, 2, hidden=6)
    wide, z = torch.cat([ROWS, torch.zeros(3, 4).long()], 1), torch.randn(3, 2)
    torch.testing.assert_close(model.log_prob(ROWS, z), model.log_prob(wide, z))
    torch.testing.assert_close(encoder(ROWS).mean, encoder(wide).mean)


def test_the_log_likelihood_by_hand():
    logits = torch.randn(3, 5, 3, generator=torch.Generator().manual_seed(0))
    log_p = logits.log_softmax(-1)
    wanted = [
        sum(log_p[n, t, ROWS[n, t]] for t in range(last)) for n, last in ((0, 3), (1, 5), (2, 1))
    ]
    torch.testing.assert_close(language_model.log_prob(logits, ROWS), torch.stack(wanted))


def test_unigrams_and_bigrams_are_shares():
    shares = language_model.unigram(ROWS, 3).exp()
    assert shares.tolist() == pytest.approx([3 / 9, 2 / 9, 4 / 9])
    pairs = language_model.bigram(ROWS, 3, extra=1e-9).exp()
    assert pairs[0].tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3], abs=1e-6)
    assert pairs[2].tolist() == pytest.approx([2 / 4, 1 / 4, 1 / 4], abs=1e-6)
    assert pairs.sum(1).tolist() == pytest.approx([1, 1, 1])


def test_what_is_written_has_the_models_probabilities():
    torch.manual_seed(0)
    model = language_model.Recurrent(3, hidden=4, embedding=3)
    written = model.write(20_000, 4)
    rows = every_row(3, 1)
    padded = torch.cat([rows, torch.zeros(len(rows), 2).long()], 1)
    with torch.no_grad():
        wanted = model.log_prob(padded).exp()
    begun = (counted(written) * written)[:, :2]
    found = torch.stack([(begun == row).all(1).double().mean() for row in rows])
    torch.testing.assert_close(found.float(), wanted, atol=0.012, rtol=0)


def test_greedy_takes_the_likeliest_each_time():
    torch.manual_seed(1)
    model, z = language_model.Recurrent(4, 2, hidden=6), torch.randn(5, 2)
    written = model.write(5, 6, z, greedy=True)
    assert (model(shifted(written), z)[0].argmax(-1) == written).all()


def test_a_trained_model_nears_the_entropy():
    """Of coins: each string is a word or its twin, then the end."""
    tokens = torch.tensor([[1, 0], [2, 0]]).repeat(40, 1)
    torch.manual_seed(0)
    model = language_model.Recurrent(3, hidden=8, embedding=4)
    language_model.fit(model, tokens, 80, batch_size=40, lr=0.05, progress=False)
    assert model.log_prob(tokens).mean().item() == pytest.approx(-log(2), abs=0.02)


def test_the_kl_is_torchs():
    q = Gaussian(torch.randn(4, 3), torch.randn(4, 3))
    torch.testing.assert_close(
        vae.kl(q).sum(1), kl_divergence(q, StandardNormal(torch.zeros(3))), rtol=1e-5, atol=1e-5
    )


def test_evidence_and_bound_against_quadrature():
    torch.manual_seed(0)
    encoder, decoder = vae.Encoder(3, 1, hidden=4), language_model.Recurrent(3, 1, hidden=4)
    nodes = torch.linspace(-6, 6, 241)[:, None]
    prior = StandardNormal(torch.zeros(1)).log_prob(nodes)
    with torch.no_grad():
        exact = torch.stack(
            [
                (decoder.log_prob(row.expand(241, -1), nodes) + prior).logsumexp(0) + log(12 / 240)
                for row in ROWS
            ]
        )
    torch.testing.assert_close(vae.evidence(ROWS, encoder, decoder, 800), exact, atol=3e-2, rtol=0)
    bound = vae.parts(ROWS, encoder, decoder, 200).elbo
    assert (bound < exact + 0.03).all() and (bound > exact - 0.5).all()


def test_word_dropout_hides_its_share_and_no_end():
    torch.manual_seed(0)
    read = torch.randint(0, 4, (500, 20))
    hidden = vae.dropped(read, 0.6, 4)
    assert ((hidden == 0) == (read == 0)).all()
    assert (hidden == 4).sum() / (read != 0).sum() == pytest.approx(0.6, abs=0.02)
    assert torch.equal(vae.dropped(read, 0.0, 4), read)


@pytest.mark.parametrize("way", [{}, {"dropout": 0.5}, {"warmup": 20}, {"free": 0.3}])
def test_a_code_is_learned_where_it_pays(way):
    """Two strings whose words nothing but z foretells, to a decoder that sees no words: one bit."""
    tokens = torch.tensor([[1, 1, 1, 0], [2, 2, 2, 0]]).repeat(30, 1)
    torch.manual_seed(0)
    encoder, decoder = vae.Encoder(3, 1, hidden=8), language_model.Recurrent(3, 1, hidden=8)
    vae.fit(tokens, encoder, decoder, 150, batch_size=30, lr=0.03, progress=False, **way)
    assert vae.parts(tokens, encoder, decoder, 5).elbo.mean() > -1.6


def test_free_bits_leave_no_gradient_below():
    mean = torch.full((4, 2), 0.3, requires_grad=True)
    price = vae.kl(Gaussian(mean, torch.zeros(4, 2))).mean(0).clamp(min=0.5).sum()
    assert torch.autograd.grad(price, mean)[0].abs().max() == 0


def test_what_is_readable_from_a_code():
    labels = torch.arange(600) % 3
    told = vae.readable(torch.eye(3)[labels] * 20, labels, torch.eye(3)[labels] * 20, labels)
    assert told == pytest.approx(log(3), abs=0.05)
    torch.manual_seed(0)
    noise = torch.randn(600, 3)
    assert vae.readable(noise, labels, torch.randn(600, 3), labels) == pytest.approx(0, abs=0.05)


def test_expected_improvement_by_draws_and_by_quadrature():
    mean, scale = torch.tensor([-1.0, 0.2, 3.0]).double(), torch.tensor([1.0, 0.5, 0.1]).double()
    e = torch.linspace(-8, 8, 4001).double()[:, None]
    density = torch.exp(-(e**2) / 2) / (2 * torch.pi) ** 0.5
    wanted = torch.trapezoid((mean + scale * e - 0.3).clamp(min=0) * density, e[:, 0], dim=0)
    torch.testing.assert_close(search.improvement(mean, scale, 0.3), wanted, atol=1e-5, rtol=0)


def test_a_search_counts_formulas_once_and_stops():
    strings = [("x",), ("x",), ("+",), ("1",), ("2",), ("x", "+", "1")]
    found = search.in_turn(strings, 3)
    assert list(found.tried) == [("x",), ("1",), ("2",)] and found.done
    assert found.best == max(formulas.score((word,)) for word in "x12")


def test_ascent_and_improvement_go_to_where_scores_are_high():
    torch.manual_seed(0)
    codes = torch.randn(40, 2)
    scores = -(codes - torch.tensor([1.0, 0.0])).square().sum(1)
    up = search.ascended(codes, scores)
    assert (up - torch.tensor([1.0, 0.0])).norm(dim=1).mean() < 0.5
    held = search.ascended(codes, scores, leash=100.0)
    assert held.norm(dim=1).mean() < up.norm(dim=1).mean()
    assert (search.improving(codes, scores) - torch.tensor([1.0, 0.0])).norm(dim=1).mean() < 0.8


def test_a_search_in_a_code_spends_its_budget_or_its_rounds():
    vocabulary = Vocabulary(formulas.GRAMMAR.words)
    torch.manual_seed(0)
    decoder = language_model.Recurrent(len(vocabulary), 2, hidden=8)
    found = search.by_code(decoder, vocabulary, lambda codes, _: codes[:5], 100, rounds=4)
    assert len(found.codes) == len(found.scores) == 4 * search.ROUND
    assert len(found.tried) <= 20
