"""Exercises 12.1 to 12.6: right answers, stubs, and wrong ones as a student would write them."""

import torch

from course_utils.lessons import l12_bayes_by_simulation  # noqa: F401 (makes the exercises)


def stub_1(prior, simulate, q, num_pairs):
    return ...


def stub_2(mean, n, kappa, a, b):
    return ...


def stub_3(alpha, weights, kernel, likelihood):
    return ..., ...


def stub_4(s, observed, num_accepted):
    return ...


def stub_5(now, after):
    raise NotImplementedError


def stub_6(z, samples):
    return ...


def in_one_sum(prior, simulate, q, num_pairs):
    theta = prior(num_pairs)
    return -torch.sum(q(simulate(theta)).log_prob(theta)) / num_pairs


def rises(prior, simulate, q, num_pairs):
    return -in_one_sum(prior, simulate, q, num_pairs)


def summed(prior, simulate, q, num_pairs):
    return num_pairs * in_one_sum(prior, simulate, q, num_pairs)


def strangers(prior, simulate, q, num_pairs):
    y = simulate(prior(num_pairs))
    return -torch.mean(q(y).log_prob(prior(num_pairs)))


def y_given_theta(prior, simulate, q, num_pairs):
    theta = prior(num_pairs)
    return -torch.mean(q(theta).log_prob(simulate(theta)))


def own_samples(prior, simulate, q, num_pairs):
    conditional = q(simulate(prior(num_pairs)))
    return -conditional.log_prob(conditional.sample()).mean()


def by_steps(mean, n, kappa, a, b):
    new = kappa + n
    return new, mean * n / new, a + 1 / 2, b + kappa * n * mean * mean / (2 * new)


def ten_numbers(mean, n, kappa, a, b):
    new, m, _, b = by_steps(mean, n, kappa, a, b)
    return new, m, a + n / 2, b


def no_shrinkage_term(mean, n, kappa, a, b):
    return kappa + n, mean * n / (kappa + n), a + 0.5, b


def around_zero(mean, n, kappa, a, b):
    return kappa + n, mean * n / (kappa + n), a + 0.5, b + 0.5 * n * mean**2


def no_half(mean, n, kappa, a, b):
    new, m, a, _ = by_steps(mean, n, kappa, a, b)
    return new, m, a, b + kappa * n * mean**2 / new


def not_shrunk(mean, n, kappa, a, b):
    new, _, a, b = by_steps(mean, n, kappa, a, b)
    return new, mean, a, b


def one_number(mean, n, kappa, a, b):
    return by_steps(mean, 1, kappa, a, b)


def looped(alpha, weights, kernel, likelihood):
    new = torch.zeros_like(alpha)
    for g in range(len(alpha)):
        new = new + weights[g] * alpha[g] * kernel[g]
    new = new * likelihood
    c = torch.dot(weights, new)
    return [new / c, torch.log(c)]


def forgets_weights(alpha, weights, kernel, likelihood):
    new = torch.matmul(alpha, kernel) * likelihood
    c = torch.dot(weights, new)
    return new / c, torch.log(c)


def update_first(alpha, weights, kernel, likelihood):
    new = torch.matmul(weights * alpha * likelihood, kernel)
    c = torch.dot(weights, new)
    return new / c, torch.log(c)


def columns_for_rows(alpha, weights, kernel, likelihood):
    return looped(alpha, weights, kernel.T, likelihood)


def sums_to_one(alpha, weights, kernel, likelihood):
    new = torch.matmul(weights * alpha, kernel) * likelihood
    return new / new.sum(), torch.log(new.sum())


def keeps_the_joint(alpha, weights, kernel, likelihood):
    new, log_c = looped(alpha, weights, kernel, likelihood)
    return new * log_c.exp(), log_c


def without_the_log(alpha, weights, kernel, likelihood):
    new, log_c = looped(alpha, weights, kernel, likelihood)
    return new, torch.exp(log_c)


def marked(distance, num_accepted):
    return distance <= distance.sort().values[num_accepted - 1]


def by_threshold(s, observed, num_accepted):
    scaled = (s - observed) / s.std(dim=0, correction=0)
    return marked(scaled.norm(dim=1), num_accepted)


def unscaled(s, observed, num_accepted):
    return marked((s - observed).norm(dim=1), num_accepted)


def by_range(s, observed, num_accepted):
    return marked(((s - observed) / (s.amax(0) - s.amin(0))).norm(dim=1), num_accepted)


def farthest(s, observed, num_accepted):
    return marked(-((s - observed) / s.std(0)).norm(dim=1), num_accepted)


def by_variance(s, observed, num_accepted):
    return marked(((s - observed) / s.var(0)).norm(dim=1), num_accepted)


def by_observed(s, observed, num_accepted):
    return marked(((s - observed) / observed).norm(dim=1), num_accepted)


def cancels(s, observed, num_accepted):
    return marked(((s - observed) / s.std(0)).sum(1).abs(), num_accepted)


def sizes_added(s, observed, num_accepted):
    return marked(((s - observed) / s.std(0)).abs().sum(1), num_accepted)


def indices(s, observed, num_accepted):
    distance = ((s - observed) / s.std(0)).norm(dim=1)
    return distance.topk(num_accepted, largest=False).indices


def number_for_distance(s, observed, num_accepted):
    return ((s - observed) / s.std(0)).pow(2).sum(1) < num_accepted


def by_lstsq(now, after):
    design = torch.stack([torch.ones_like(now), now], 1)
    level, slope = torch.linalg.lstsq(design, torch.log(after / now)[:, None]).solution[:, 0]
    return level, torch.log(-1 / slope)


def inverse(now, after):
    level, log_phi = by_lstsq(now, after)
    return level, -log_phi


def r_itself(now, after):
    level, log_phi = by_lstsq(now, after)
    return torch.exp(level), log_phi


def phi_itself(now, after):
    level, log_phi = by_lstsq(now, after)
    return level, torch.exp(log_phi)


def not_the_growth(now, after):
    return by_lstsq(now, after * now)


def turned(now, after):
    growth = torch.log(after / now)
    design = torch.stack([torch.ones_like(now), growth], 1)
    level, slope = torch.linalg.lstsq(design, now[:, None]).solution[:, 0]
    return -level / slope, torch.log(-slope)


def mean_growth(now, after):
    return torch.log(after / now).mean(), by_lstsq(now, after)[1]


def counted(z, samples):
    ranks = (samples < z[None]).long().sum(dim=0)
    return torch.stack([(ranks == k).sum() for k in range(samples.shape[0] + 1)])


def above(z, samples):
    return counted(-z, -samples)


def shares(z, samples):
    return counted(z, samples) / len(z)


def without_the_last(z, samples):
    return counted(z, samples)[:-1]


def without_zero(z, samples):
    return counted(z, samples)[1:]


def wrong_axis(z, samples):
    ranks = (samples < z).sum(dim=1)
    return torch.bincount(ranks, minlength=len(z) + 1)


def against_the_mean(z, samples):
    return torch.bincount((z > samples.mean(0)).int(), minlength=len(samples) + 1)


def ranks_alone(z, samples):
    return (z > samples).sum(0)


RIGHT = {
    "12.1": in_one_sum,
    "12.2": by_steps,
    "12.3": looped,
    "12.4": by_threshold,
    "12.5": by_lstsq,
    "12.6": counted,
}
STUBS = {
    "12.1": stub_1,
    "12.2": stub_2,
    "12.3": stub_3,
    "12.4": stub_4,
    "12.5": stub_5,
    "12.6": stub_6,
}
WRONG = [
    ("12.1", rises, "The sign"),
    ("12.1", summed, "A sum over the pairs"),
    ("12.1", strangers, "pairs must stay pairs"),
    ("12.1", y_given_theta, "Which of the two is given"),
    ("12.1", own_samples, "an entropy"),
    ("12.2", ten_numbers, "You were shown one"),
    ("12.2", no_shrinkage_term, "shrinkage term"),
    ("12.2", around_zero, "takes μ for 0"),
    ("12.2", no_half, "half a square"),
    ("12.2", not_shrunk, "m is not shrunk"),
    ("12.2", one_number, "n times as precise"),
    ("12.3", forgets_weights, "lacks its weights"),
    ("12.3", update_first, "before you predict"),
    ("12.3", columns_for_rows, "The kernel is turned"),
    ("12.3", sums_to_one, "integrate to 1 sums to 1"),
    ("12.3", keeps_the_joint, "not divided"),
    ("12.3", without_the_log, "Asked is the logarithm"),
    ("12.4", unscaled, "Unscaled"),
    ("12.4", farthest, "the farthest"),
    ("12.4", by_variance, "by the variance"),
    ("12.4", by_observed, "observed value"),
    ("12.4", cancels, "cancel"),
    ("12.4", sizes_added, "Sizes are added"),
    ("12.4", indices, "the indices"),
    ("12.4", by_range, "which two simulations decide"),
    ("12.4", number_for_distance, "not a distance"),
    ("12.5", inverse, "its inverse"),
    ("12.5", r_itself, "r itself"),
    ("12.5", phi_itself, "φ itself"),
    ("12.5", not_the_growth, "lacks the second"),
    ("12.5", turned, "regression is turned"),
    ("12.5", mean_growth, "height at 0"),
    ("12.6", above, "above z"),
    ("12.6", shares, "asked are counts"),
    ("12.6", without_the_last, "S + 1 places"),
    ("12.6", without_zero, "below all its samples"),
    ("12.6", wrong_axis, "over the pairs"),
    ("12.6", against_the_mean, "samples' mean"),
    ("12.6", ranks_alone, "how often each"),
]
