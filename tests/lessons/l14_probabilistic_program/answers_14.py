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


def stub_6(counts, a, b):
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


def at_a_rate(counts, a, b):
    rate = torch.tensor(1.7, dtype=torch.float64)
    prior = torch.distributions.Gamma(torch.tensor(a).double(), torch.tensor(b).double())
    posterior = torch.distributions.Gamma(a + counts.sum(), torch.tensor(b + len(counts)).double())
    likelihood = torch.distributions.Poisson(rate).log_prob(counts).sum()
    return likelihood + prior.log_prob(rate) - posterior.log_prob(rate)


def no_factorials(counts, a, b):
    return at_a_rate(counts, a, b) + torch.lgamma(counts + 1).sum()


def one_more(counts, a, b):
    n, total = len(counts), a + counts.sum()
    gap = torch.log(torch.tensor(b + n).double()) - torch.log(torch.tensor(b + 1).double())
    return at_a_rate(counts, a, b) + total * gap


def at_the_mean(counts, a, b):
    return torch.distributions.Poisson(torch.tensor(a / b).double()).log_prob(counts).sum()


def one_by_one(counts, a, b):
    return sum(at_a_rate(count[None], a, b) for count in counts)


RIGHT = {
    "14.1": dice,
    "14.2": own_terms,
    "14.3": by_ratio,
    "14.4": looped,
    "14.5": by_bayes,
    "14.6": at_a_rate,
}
STUBS = {f"14.{n}": globals()[f"stub_{n}"] for n in range(1, 7)}
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
    ("14.6", no_factorials, "factorials"),
    ("14.6", one_more, "b + n"),
    ("14.6", at_the_mean, "only its mean"),
    ("14.6", one_by_one, "a rate of its own"),
]
