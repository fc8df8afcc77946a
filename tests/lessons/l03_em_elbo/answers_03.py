"""The exercises of lesson 03: right answers, the stubs, and wrong ones as a student would write them."""

import math

import torch

from course_utils.lessons import l03_em_elbo  # noqa: F401 (makes the exercises)


def stub_1(log_joint):
    return ...


def stub_2(log_weights, first, second):
    return ...


def stub_3(x, W, mean, covariance):
    raise NotImplementedError


def stub_4(W, sigma2):
    raise NotImplementedError


def stub_5(eigenvalues, latent_dim, short, target):
    raise NotImplementedError


def stub_6(counts, hours, q):
    raise NotImplementedError


def stub_7(x, seen, mu, C):
    raise NotImplementedError


def gap(log_joint):
    return -torch.log_softmax(log_joint, 1).amax(1)


def bound_alone(log_joint):
    return log_joint.amax(1)


def below_by_a_negative_number(log_joint):
    return -gap(log_joint)


def chance_of_another_label(log_joint):
    return 1 - torch.exp(-gap(log_joint))


def entropy_of_the_posterior(log_joint):
    return torch.distributions.Categorical(logits=log_joint).entropy()


def even_q(log_joint):
    return torch.logsumexp(log_joint, 1) - log_joint.mean(1)


def worst_label(log_joint):
    return torch.logsumexp(log_joint, 1) - log_joint.amin(1)


def one_label_for_all(log_joint):
    return torch.logsumexp(log_joint, 1) - log_joint[:, log_joint.sum(0).argmax()]


def probabilities_subtracted(log_joint):
    joint = log_joint.exp()
    return joint.sum(1) - joint.amax(1)


def nan(log_joint):
    q = torch.nn.functional.one_hot(log_joint.argmax(1), log_joint.shape[1]).to(log_joint)
    return log_joint.logsumexp(1) - (q * (log_joint - q.log())).sum(1)


def pair(log_weights, first, second, prior=1.0):
    joint = torch.exp(prior * log_weights) * first.exp() * second.exp()
    return joint / joint.sum(1, keepdim=True)


def prior_twice(log_weights, first, second):
    return pair(log_weights, first, second, prior=2.0)


def bayes(log_weights, log_likelihood):
    return torch.softmax(log_weights + log_likelihood, 1)


def product_of_posteriors(log_weights, first, second):
    return bayes(log_weights, first) * bayes(log_weights, second)


def mean_of_posteriors(log_weights, first, second):
    return (bayes(log_weights, first) + bayes(log_weights, second)) / 2


def no_weights(log_weights, first, second):
    return pair(log_weights, first, second, prior=0.0)


def likelihoods_averaged(log_weights, first, second):
    return bayes(log_weights, torch.stack([first, second]).mean(0))


def densities_added(log_weights, first, second):
    return bayes(log_weights, (first.exp() + second.exp()).log())


def first_alone(log_weights, first, second):
    return bayes(log_weights, first)


def unnormalised(log_weights, first, second):
    return log_weights.exp() * (first + second).exp()


def one_sum_for_all(log_weights, first, second):
    joint = unnormalised(log_weights, first, second)
    return joint / joint.sum()


def over_points(log_weights, first, second):
    joint = unnormalised(log_weights, first, second)
    return joint / joint.sum(0)


def logarithms(log_weights, first, second):
    return pair(log_weights, first, second).log()


def expected_squares(x, W, mean, covariance):
    """E (x_nd - (W z_n)_d)^2 for every n and d: (N, D)."""
    return (x - mean @ W.T) ** 2 + torch.einsum("di,ij,dj->d", W, covariance, W)


def noise(x, W, mean, covariance):
    """As the textbooks of factor analysis have it, which holds for the new W."""
    return (x * (x - mean @ W.T)).mean(0)


def noise_of_means(x, W, mean, covariance):
    return (x - mean @ W.T).pow(2).mean(0)


def one_noise(x, W, mean, covariance):
    return expected_squares(x, W, mean, covariance).mean()


def whole_trace(x, W, mean, covariance):
    return noise_of_means(x, W, mean, covariance) + torch.trace(W.T @ W @ covariance)


def spread_divided(x, W, mean, covariance):
    total = (x - mean @ W.T).pow(2).sum(0) + torch.diag(W @ covariance @ W.T)
    return total / len(x)


def deviations(x, W, mean, covariance):
    return noise(x, W, mean, covariance) ** 0.5


def squares_added_up(x, W, mean, covariance):
    return (x - mean @ W.T).pow(2).sum(0) + torch.diag(W @ covariance @ W.T)


def spherical(W, sigma2, v=None):
    """v and the gap, by torch's own KL from N(0, v I) to N(0, G)."""
    H = W.shape[1]
    precision = torch.eye(H).to(W) + W.T @ W / sigma2
    v = H / torch.linalg.eigvalsh(precision).sum() if v is None else v(precision)
    normal = torch.distributions.MultivariateNormal
    q, posterior = (
        normal(torch.zeros(H).to(W), v * torch.eye(H).to(W)),
        normal(torch.zeros(H).to(W), precision_matrix=precision),
    )
    return v, torch.distributions.kl_divergence(q, posterior)


def mean_variance(W, sigma2):
    return spherical(W, sigma2, lambda P: torch.linalg.inv(P).diagonal().mean())


def one_logarithm(W, sigma2):
    return spherical(W, sigma2, lambda P: 1 / P.diagonal().sum())


def prior_left_out(W, sigma2):
    return spherical(W, sigma2, lambda P: W.shape[1] * sigma2 / W.square().sum())


def gap_turned(W, sigma2):
    v, gap = spherical(W, sigma2)
    return v, -gap


def gap_doubled(W, sigma2):
    v, gap = spherical(W, sigma2)
    return v, 2 * gap


def gap_to_the_prior(W, sigma2):
    v, H = spherical(W, sigma2)[0], W.shape[1]
    return v, 0.5 * (H * v - H - H * v.log())


def gap_without_H(W, sigma2):
    v, gap = spherical(W, sigma2)
    return v, gap + W.shape[1] / 2


def deviation(W, sigma2):
    v, gap = spherical(W, sigma2)
    return v**0.5, gap


def paces(eigenvalues, latent_dim):
    """By what plane and lengths shrink a step, each a list of numbers."""
    levels = eigenvalues.tolist()
    sigma2 = sum(levels[latent_dim:]) / (len(levels) - latent_dim)
    lengths = [1 - 2 * sigma2 / level * (1 - sigma2 / level) for level in levels[:latent_dim]]
    return [levels[latent_dim] / levels[latent_dim - 1]], lengths


def steps(factor, short, target):
    return (math.log(short) - math.log(target)) / -math.log(factor)


def right_5(eigenvalues, latent_dim, short, target):
    plane, lengths = paces(eigenvalues, latent_dim)
    return steps(max(plane + lengths) ** 2, short, target)


def not_squared(eigenvalues, latent_dim, short, target):
    plane, lengths = paces(eigenvalues, latent_dim)
    return steps(max(plane + lengths), short, target)


def plane_alone(eigenvalues, latent_dim, short, target):
    return steps(paces(eigenvalues, latent_dim)[0][0] ** 2, short, target)


def plane_unsquared(eigenvalues, latent_dim, short, target):
    return steps(paces(eigenvalues, latent_dim)[0][0], short, target)


def lengths_unsquared(eigenvalues, latent_dim, short, target):
    return steps(max(paces(eigenvalues, latent_dim)[1]), short, target)


def lengths_alone(eigenvalues, latent_dim, short, target):
    return steps(max(paces(eigenvalues, latent_dim)[1]) ** 2, short, target)


def fastest(eigenvalues, latent_dim, short, target):
    plane, lengths = paces(eigenvalues, latent_dim)
    return steps(min(plane + lengths) ** 2, short, target)


def first_gap(eigenvalues, latent_dim, short, target):
    ratio = (eigenvalues[1] / eigenvalues[0]).item()
    return steps(max([ratio, *paces(eigenvalues, latent_dim)[1]]) ** 2, short, target)


def backwards(eigenvalues, latent_dim, short, target):
    return right_5(eigenvalues, latent_dim, target, short)


def poisson(counts, hours, q):
    return q.sum(0) / len(q), counts @ q / (hours @ q)


def without_hours(counts, hours, q):
    return q.mean(0), counts @ q / q.sum(0)


def rates_averaged(counts, hours, q):
    return q.mean(0), (counts / hours) @ q / q.sum(0)


def all_hours(counts, hours, q):
    return q.mean(0), counts @ q / hours.sum()


def numbers_for_weights(counts, hours, q):
    return q.sum(0), counts @ q / (hours @ q)


def weights_by_the_hour(counts, hours, q):
    return (hours[:, None] * q).sum(0) / hours.sum(), counts @ q / (hours @ q)


def upside_down(counts, hours, q):
    return q.mean(0), hours @ q / (counts @ q)


def table_step(x, seen, mu, C, *, slope=1.0, variance=None, where=None, center=None):
    """Exercise 03.7 from expected moments, point by point."""
    hidden = ~seen if where is None else where
    guess = mu[1] + slope * C[1, 0] / C[0, 0] * (x[:, 0] - mu[0])
    second = torch.where(seen, x[:, 1], guess)
    extra = torch.where(hidden, 1 / torch.linalg.inv(C)[1, 1] if variance is None else variance, 0)
    new = torch.stack([x[:, 0].mean(), second.mean()])
    a, b = (
        x[:, 0] - (new if center is None else center)[0],
        second - (new if center is None else center)[1],
    )
    C = torch.stack([(a * a).mean(), (a * b).mean(), (a * b).mean(), (b * b + extra).mean()])
    return new, C.reshape(2, 2)


def holes_taken_as_seen(x, seen, mu, C):
    return table_step(x, seen, mu, C, variance=0.0)


def variance_for_all(x, seen, mu, C):
    return table_step(x, seen, mu, C, where=torch.ones_like(seen))


def whole_variance(x, seen, mu, C):
    return table_step(x, seen, mu, C, variance=C[1, 1])


def filled_with_the_mean(x, seen, mu, C):
    return table_step(x, seen, mu, C, slope=0.0)


def rows_left_out(x, seen, mu, C):
    rows = x[seen]
    return rows.mean(0), (rows - rows.mean(0)).T @ (rows - rows.mean(0)) / len(rows)


def about_the_old_mean(x, seen, mu, C):
    return table_step(x, seen, mu, C, center=mu)


RIGHT = {
    "03.1": gap,
    "03.2": pair,
    "03.3": noise,
    "03.4": spherical,
    "03.5": right_5,
    "03.6": poisson,
    "03.7": table_step,
}
STUBS = {
    "03.1": stub_1,
    "03.2": stub_2,
    "03.3": stub_3,
    "03.4": stub_4,
    "03.5": stub_5,
    "03.6": stub_6,
    "03.7": stub_7,
}
WRONG = [
    ("03.1", bound_alone, "best one-label q"),
    ("03.1", below_by_a_negative_number, "sign is turned"),
    ("03.1", chance_of_another_label, "That is a probability"),
    ("03.1", entropy_of_the_posterior, "entropy of the posterior"),
    ("03.1", even_q, "as if q were even"),
    ("03.1", worst_label, "which label is the best"),
    ("03.1", one_label_for_all, "one label for all"),
    ("03.1", probabilities_subtracted, "subtracted probabilities"),
    ("03.1", nan, "They count as 0"),
    ("03.2", prior_twice, "one prior, two likelihoods"),
    ("03.2", product_of_posteriors, "the rows do not sum"),
    ("03.2", mean_of_posteriors, "stronger evidence"),
    ("03.2", no_weights, "weights π are missing"),
    ("03.2", likelihoods_averaged, "densities multiply"),
    ("03.2", densities_added, "<i>or</i> the other"),
    ("03.2", first_alone, "first point alone"),
    ("03.2", unnormalised, "joint probabilities"),
    ("03.2", one_sum_for_all, "over all pairs"),
    ("03.2", over_points, "over the pairs"),
    ("03.2", logarithms, "the logarithms"),
    ("03.3", noise_of_means, "decoded the mean only"),
    ("03.3", one_noise, "PPCA's one σ²"),
    ("03.3", whole_trace, "the spread of all"),
    ("03.3", spread_divided, "divided the spread by N"),
    ("03.3", deviations, "standard deviations"),
    ("03.3", squares_added_up, "not added up"),
    ("03.4", mean_variance, "a trace of G⁻¹"),
    ("03.4", one_logarithm, "There are H of them"),
    ("03.4", prior_left_out, "left out the prior"),
    ("03.4", gap_turned, "never negative"),
    ("03.4", gap_doubled, "lacks its ½"),
    ("03.4", gap_to_the_prior, "KL to the <i>prior</i>"),
    ("03.4", gap_without_H, "−H/2"),
    ("03.4", deviation, "not its root"),
    ("03.5", not_squared, "half as many steps"),
    ("03.5", plane_alone, "the plane's pace"),
    ("03.5", plane_unsquared, "plane's pace, unsquared"),
    ("03.5", lengths_unsquared, "lengths' pace, unsquared"),
    ("03.5", lengths_alone, "the lengths' pace"),
    ("03.5", fastest, "You took the fastest"),
    ("03.5", first_gap, "the gap behind the last"),
    ("03.5", backwards, "negative"),
    ("03.6", without_hours, "per telephone"),
    ("03.6", rates_averaged, "averaged the rates"),
    ("03.6", all_hours, "as much as it belongs"),
    ("03.6", numbers_for_weights, "add up to 1"),
    ("03.6", weights_by_the_hour, "not hours"),
    ("03.6", upside_down, "upside down"),
    ("03.7", holes_taken_as_seen, "they are guesses"),
    ("03.7", variance_for_all, "to the hidden ones"),
    ("03.7", whole_variance, "conditional"),
    ("03.7", filled_with_the_mean, "into every hole"),
    ("03.7", rows_left_out, "left out the rows"),
    ("03.7", about_the_old_mean, "<i>new</i> mean"),
]
