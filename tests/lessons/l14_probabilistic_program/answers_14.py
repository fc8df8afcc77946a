"""Lesson 14's exercises: right answers, stubs, and wrong ones as a student would write them."""

import torch

from course_utils.lessons import l14_probabilistic_program  # noqa: F401 (makes the exercises)


def stub_1(log_w, log_q):
    return ...


def stub_2(log_p, log_q):
    return ...


def stub_3(log_global, log_local, num_points):
    return ...


def stub_4(log_p, log_q_k, log_q_z):
    return ...


def stub_5(p_z, p_x, p_y):
    return ..., ...


def stub_6(r, counts, a, b):
    return ..., ...


def stub_7(counts, a, b):
    return ...


def dice(log_w, log_q):
    return -(log_w * torch.exp(log_q - log_q.detach())).sum() / len(log_w)


def in_sum(log_w, log_q):
    return -(log_w + log_w.detach() * log_q).mean()


def no_score(log_w, log_q):
    return -torch.mean(log_w) + (log_q - log_q).sum()


def q_alone(log_w, log_q):
    return -(log_w.detach() * (log_q - log_q.detach())).mean()


def ascent(log_w, log_q):
    return -dice(log_w, log_q)


def summed(log_w, log_q):
    return len(log_w) * dice(log_w, log_q)


def score_taken_off(log_w, log_q):
    return -(log_w * (1 - log_q + log_q.detach())).mean()


def own_terms(log_p, log_q):
    return sum(dice(log_p[:, n] - log_q[:, n], log_q[:, n]) for n in range(log_p.shape[1]))


def all_terms(log_p, log_q):
    return dice((log_p - log_q).sum(1), log_q.sum(1))


def mean_over_points(log_p, log_q):
    return own_terms(log_p, log_q) / log_p.shape[1]


def likelihood_for_weight(log_p, log_q):
    score = log_q - log_q.detach()
    return -(log_p - log_q + log_p.detach() * score).sum(1).mean()


def gradient_only(log_p, log_q):
    return -((log_p - log_q).detach() * log_q).sum(-1).mean()


def by_ratio(log_global, log_local, num_points):
    return log_global + log_local.sum(-1) * (num_points / log_local.shape[-1])


def the_batch(log_global, log_local, num_points):
    return log_global + log_local.sum(-1)


def all_scaled(log_global, log_local, num_points):
    return (log_global + log_local.sum(-1)) * num_points / log_local.shape[-1]


def one_point(log_global, log_local, num_points):
    return log_global + log_local.mean(-1)


def each_times_all(log_global, log_local, num_points):
    return log_global + num_points * log_local.sum(-1)


def over_samples(log_global, log_local, num_points):
    return log_global + num_points * log_local.mean()


def looped(log_p, log_q_k, log_q_z):
    total = 0
    for p, k, z in zip(log_p, log_q_k, log_q_z, strict=True):
        total = total + k.exp() * (p - k - z)
    return total


def no_entropy(log_p, log_q_k, log_q_z):
    return (log_q_k.exp() * (log_p - log_q_z)).sum()


def alike(log_p, log_q_k, log_q_z):
    return (log_p - log_q_k - log_q_z).mean()


def summed_out(log_p, log_q_k, log_q_z):
    return torch.logsumexp(log_p - log_q_z, 0)


def held(log_p, log_q_k, log_q_z):
    return (log_q_k.detach().exp() * (log_p - log_q_k - log_q_z)).sum()


def logs_as_weights(log_p, log_q_k, log_q_z):
    return (log_q_k * (log_p - log_q_k - log_q_z)).sum()


def by_bayes(p_z, p_x, p_y):
    return p_z @ (p_x * p_y) / (p_z @ p_x), p_z @ p_y


def exchanged(p_z, p_x, p_y):
    return by_bayes(p_z, p_x, p_y)[::-1]


def twice_done(p_z, p_x, p_y):
    return p_z @ p_y, p_z @ p_y


def jointly(p_z, p_x, p_y):
    return p_z @ (p_x * p_y), p_z @ p_y


def no_prior(p_z, p_x, p_y):
    return by_bayes(p_z, p_x, p_y)[0], p_x @ p_y / p_x.sum()


def always_seen(p_z, p_x, p_y):
    return (by_bayes(p_z, p_x, p_y)[0],) * 2


def alike_again(p_z, p_x, p_y):
    return by_bayes(p_z, p_x, p_y)[0], p_y.mean()


def by_loop(r, counts, a, b):
    prior = torch.distributions.Gamma(a, b)
    each = [torch.distributions.Poisson(one).log_prob(counts).sum() for one in r]
    return prior.log_prob(r), torch.stack(each)


def by_scale(r, counts, a, b):
    return by_loop(r, counts, a, 1 / b)


def averaged(r, counts, a, b):
    prior, likelihood = by_loop(r, counts, a, b)
    return prior, likelihood / len(counts)


def each_count(r, counts, a, b):
    prior, _ = by_loop(r, counts, a, b)
    return prior, torch.distributions.Poisson(r[:, None]).log_prob(counts)


def over_rates(r, counts, a, b):
    prior, apart = each_count(r, counts, a, b)
    return prior, apart.sum(0)


def one_rate(r, counts, a, b):
    prior, likelihood = by_loop(r, counts, a, b)
    mean = torch.distributions.Poisson(r.mean()).log_prob(counts).sum()
    return prior, torch.ones_like(likelihood) * mean


def classic(log_w, log_q):
    return -(log_w.detach() * log_q).mean()


def product(log_w, log_q):
    return -(log_w * log_q).mean()


def baseline(log_w, log_q):
    others = (log_w.sum() - log_w) / (len(log_w) - 1)
    return -(log_w + (log_w - others) * (log_q - log_q.detach())).mean()


def no_scores(log_p, log_q):
    return -(log_p - log_q).sum(1).mean()


def no_z(log_p, log_q_k, log_q_z):
    return (log_q_k.exp() * (log_p - log_q_k)).sum()


def added(log_p, log_q_k, log_q_z):
    return (log_q_k.exp() * (log_p + log_q_k + log_q_z)).sum()


def at_a_rate(counts, a, b):
    rate = torch.tensor(1.7, dtype=torch.float64)
    prior = torch.distributions.Gamma(a, b)
    posterior = torch.distributions.Gamma(a + counts.sum(), b + len(counts))
    likelihood = torch.distributions.Poisson(rate).log_prob(counts).sum()
    return likelihood + prior.log_prob(rate) - posterior.log_prob(rate)


def no_factorials(counts, a, b):
    return at_a_rate(counts, a, b) + torch.lgamma(counts + 1).sum()


def one_more(counts, a, b):
    n, total = len(counts), a + counts.sum()
    gap = torch.log(b + n) - torch.log(b + 1)
    return at_a_rate(counts, a, b) + total * gap


def at_the_mean(counts, a, b):
    return torch.distributions.Poisson(a / b).log_prob(counts).sum()


def one_by_one(counts, a, b):
    return sum(at_a_rate(count[None], a, b) for count in counts)


RIGHT = {
    "14.1": dice,
    "14.2": own_terms,
    "14.3": by_ratio,
    "14.4": looped,
    "14.5": by_bayes,
    "14.6": by_loop,
    "14.7": at_a_rate,
}
STUBS = {f"14.{n}": globals()[f"stub_{n}"] for n in range(1, 8)}
WRONG = [
    ("14.1", in_sum, "the number is not"),
    ("14.1", no_score, "the random walk"),
    ("14.1", q_alone, "the model's parameters"),
    ("14.1", ascent, "a cost is descended"),
    ("14.1", summed, "Asked is their mean"),
    ("14.1", score_taken_off, "the wrong sign"),
    ("14.2", all_terms, "noise of mean 0"),
    ("14.2", mean_over_points, "a sum"),
    ("14.2", likelihood_for_weight, "−log q is missing"),
    ("14.2", gradient_only, "are lost"),
    ("14.3", the_batch, "no other data"),
    ("14.3", all_scaled, "drawn once"),
    ("14.3", one_point, "counted once"),
    ("14.3", each_times_all, "stands for how many"),
    ("14.3", over_samples, "runs over the samples too"),
    ("14.4", no_entropy, "entropy of the classes"),
    ("14.4", alike, "counts alike"),
    ("14.4", summed_out, "of the given one"),
    ("14.4", held, "cannot learn"),
    ("14.4", logs_as_weights, "not its logarithm"),
    ("14.5", exchanged, "exchanged"),
    ("14.5", twice_done, "Both are"),
    ("14.5", jointly, "divide by"),
    ("14.5", no_prior, "without its prior"),
    ("14.1", classic, "learn nothing"),
    ("14.1", product, "Which factor has the value 1"),
    ("14.1", baseline, "Unbiased too"),
    ("14.2", no_scores, "the scores are missing"),
    ("14.4", no_z, "z is a node, too"),
    ("14.4", added, "come off"),
    ("14.5", always_seen, "Both are p(y | x)"),
    ("14.5", alike_again, "counts every z alike"),
    ("14.6", by_scale, "for a scale"),
    ("14.6", averaged, "add up"),
    ("14.6", each_count, "one event"),
    ("14.6", over_rates, "not over the counts"),
    ("14.6", one_rate, "a likelihood of its own"),
    ("14.7", no_factorials, "factorials"),
    ("14.7", one_more, "b + n"),
    ("14.7", at_the_mean, "only its mean"),
    ("14.7", one_by_one, "a rate of its own"),
]
