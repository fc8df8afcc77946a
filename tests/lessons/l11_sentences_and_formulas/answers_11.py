"""Exercises of lesson 11: right answers, stubs, and wrong ones as a student would write them."""

from functools import lru_cache
from math import log

import torch

from course_utils.lessons import l11_sentences_and_formulas  # noqa: F401 (makes the exercises)


def stub_1(log_joint):
    posterior = ...
    told = ...
    return posterior, told


def stub_2(log_p, tokens):
    return ...


def stub_3(read, noise, share, hidden):
    return ...


def stub_4(kl, free):
    return ...


def stub_5(length):
    raise NotImplementedError


def stub_6(mean, scale, best):
    return ...


def bayes(log_joint):
    p = torch.exp(log_joint - log_joint.max(1, keepdim=True).values)
    return p / p.sum(1, keepdim=True)


def told_in_a_loop(log_joint):
    p = bayes(log_joint)
    after = [sum(-v * log(v) for v in row if v > 0) for row in p.tolist()]
    return p, log(3) - sum(after) / len(after)


def zero_times_log_zero(log_joint):
    p = bayes(log_joint)
    return p, log(3) + (p * torch.log(p)).sum(1).mean()


def the_doubt(log_joint):
    return bayes(log_joint), log(3) - told_in_a_loop(log_joint)[1]


def in_bits(log_joint):
    return bayes(log_joint), told_in_a_loop(log_joint)[1] / log(2)


def columns(log_joint):
    return torch.softmax(log_joint, 0), told_in_a_loop(log_joint)[1]


def not_divided(log_joint):
    return torch.exp(log_joint), told_in_a_loop(log_joint)[1]


def row_by_row(log_p, tokens):
    totals = []
    for n, row in enumerate(tokens.tolist()):
        last = row.index(0)
        totals.append(sum(log_p[n, t, row[t]] for t in range(last + 1)))
    return torch.stack(totals)


def picked(log_p, tokens):
    return torch.gather(log_p, 2, tokens.unsqueeze(2)).squeeze(2)


def no_end(log_p, tokens):
    return torch.where(tokens > 0, picked(log_p, tokens), torch.zeros(())).sum(1)


def padding_too(log_p, tokens):
    return picked(log_p, tokens).sum(-1)


def per_token(log_p, tokens):
    return row_by_row(log_p, tokens) / ((tokens != 0).sum(1) + 1)


def mean_of_columns(log_p, tokens):
    return picked(log_p, tokens).mean(-1)


def all_in_one(log_p, tokens):
    return row_by_row(log_p, tokens).sum()


def a_loss(log_p, tokens):
    return -row_by_row(log_p, tokens)


def cloned(read, noise, share, hidden):
    out = read.clone()
    out[(read > 0) & (noise < share)] = hidden
    return out


def ends_too(read, noise, share, hidden):
    return torch.where(noise < share, torch.full_like(read, hidden), read)


def the_others(read, noise, share, hidden):
    return torch.where((noise > share) & (read > 0), torch.full_like(read, hidden), read)


def at_the_other_end(read, noise, share, hidden):
    return torch.where((noise >= 1 - share) & (read > 0), torch.full_like(read, hidden), read)


def with_zeros(read, noise, share, hidden):
    return read * (noise >= share).long()


def whole_rows(read, noise, share, hidden):
    return torch.where((noise[:, :1] < share) & (read > 0), torch.full_like(read, hidden), read)


def with_maximum(kl, free):
    return torch.maximum(kl.mean(0), torch.tensor(free, dtype=kl.dtype)).sum()


def each_sentence(kl, free):
    return torch.clamp(kl, min=free).sum(1).mean()


def one_allowance(kl, free):
    return torch.clamp(kl.sum(1).mean(), min=free)


def from_above(kl, free):
    return torch.clamp(kl.mean(0), max=free).sum()


def rewarded(kl, free):
    return kl.mean(0).sum() - free * kl.shape[1]


def counted_as_nothing(kl, free):
    return torch.relu(kl.mean(0) - free).sum()


@lru_cache
def sums(n):
    return products(n) + sum(products(k) * sums(n - 1 - k) for k in range(1, n - 1))


@lru_cache
def products(n):
    return factors(n) + sum(factors(k) * products(n - 1 - k) for k in range(1, n - 1))


def factors(n):
    if n < 1:
        return 0
    return 3 if n == 1 else 2 * sums(n - 2)


def with_memory(length):
    return sums(length)


def no_place_for_plus(length):
    def s(n):
        return p(n) + sum(p(k) * s(n - k) for k in range(1, n))

    def p(n):
        return f(n) + sum(f(k) * p(n - k) for k in range(1, n))

    def f(n):
        return 3 if n == 1 else 2 * s(n - 2) if n > 2 else 0

    return s(length)


def up_to(length):
    return sum(sums(n) for n in range(1, length + 1))


def all_strings(length):
    return 9**length


def one_function(length):
    def s(n):
        return p(n) + sum(p(k) * s(n - 1 - k) for k in range(1, n - 1))

    def p(n):
        return f(n) + sum(f(k) * p(n - 1 - k) for k in range(1, n - 1))

    def f(n):
        return 3 if n == 1 else s(n - 2) if n > 2 else 0

    return s(length)


def normals(mean, scale, best):
    above = (mean - best) / scale
    unit = torch.distributions.Normal(0.0, 1.0)
    return above, unit.cdf(above), torch.exp(unit.log_prob(above))


def by_erf(mean, scale, best):
    above = (mean - best) / scale
    chance = (1 + torch.erf(above / 2**0.5)) / 2
    return (mean - best) * chance + scale * torch.exp(-(above**2) / 2) / (2 * torch.pi) ** 0.5


def one_term(mean, scale, best):
    return (mean - best) * normals(mean, scale, best)[1]


def of_the_mean(mean, scale, best):
    return torch.relu(mean - best)


def a_chance(mean, scale, best):
    return normals(mean, scale, best)[1]


def no_scale(mean, scale, best):
    _, chance, density = normals(mean, scale, best)
    return (mean - best) * chance + density


def confidence(mean, scale, best):
    return mean + scale


RIGHT = {
    "11.1": told_in_a_loop,
    "11.2": row_by_row,
    "11.3": cloned,
    "11.4": with_maximum,
    "11.5": with_memory,
    "11.6": by_erf,
}
STUBS = {
    "11.1": stub_1,
    "11.2": stub_2,
    "11.3": stub_3,
    "11.4": stub_4,
    "11.5": stub_5,
    "11.6": stub_6,
}
WRONG = [
    ("11.1", zero_times_log_zero, "0 times log 0"),
    ("11.1", the_doubt, "the doubt that is left"),
    ("11.1", in_bits, "In bits"),
    ("11.1", columns, "rows sum to 1"),
    ("11.1", not_divided, "not divided by p(sentence)"),
    ("11.2", no_end, "The end is missing"),
    ("11.2", padding_too, "The padding is counted"),
    ("11.2", per_token, "Per token"),
    ("11.2", mean_of_columns, "longer batches would look better"),
    ("11.2", all_in_one, "One number a sentence"),
    ("11.2", a_loss, "The sign of a loss"),
    ("11.3", ends_too, "Spare every 0"),
    ("11.3", the_others, "The other share"),
    ("11.3", at_the_other_end, "As many are hidden"),
    ("11.3", with_zeros, "0 means an end"),
    ("11.3", whole_rows, "its own noise"),
    ("11.4", each_sentence, "sentence by sentence"),
    ("11.4", one_allowance, "share one allowance"),
    ("11.4", from_above, "from above"),
    ("11.4", rewarded, "pays a latent for being silent"),
    ("11.4", counted_as_nothing, "no longer comparable"),
    ("11.5", no_place_for_plus, "are words, too"),
    ("11.5", up_to, "exactly so many words"),
    ("11.5", all_strings, "all strings"),
    ("11.5", one_function, "two functions"),
    ("11.6", one_term, "The half of it"),
    ("11.6", of_the_mean, "improvement of the mean"),
    ("11.6", a_chance, "chance of an improvement"),
    ("11.6", no_scale, "lacks a factor"),
    ("11.6", confidence, "upper confidence bound"),
]
