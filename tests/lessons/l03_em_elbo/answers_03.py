"""The exercises of lesson 03: right answers, the stubs, and wrong ones as a student would write them."""

import math

import torch

from course_utils.lessons import l03_em_elbo  # noqa: F401 (makes the exercises)


def stub_1(log_joint, q):
    return (q * (...)).sum(1)


def stub_2(log_joint):
    return ...


def stub_3(x, W, mean, covariance):
    raise NotImplementedError


def stub_4(x, W, mu, sigma2, mean, covariance):
    raise NotImplementedError


def stub_5(eigenvalues, latent_dim, short, target):
    raise NotImplementedError


def stub_6(counts, hours, q):
    raise NotImplementedError


def stub_7(x, seen, mu, C):
    raise NotImplementedError


def no_entropy(log_joint, q):
    return (log_joint * q).sum(dim=1)


def entropy_with_the_wrong_sign(log_joint, q):
    return (q * log_joint).sum(1) + (q * torch.log(q)).sum(1)


def unweighted(log_joint, q):
    return torch.sum(log_joint - torch.log(q), dim=1)


def evidence(log_joint, q):
    return log_joint.exp().sum(1).log()


def log_posterior(log_joint, q):
    return (q * (torch.log_softmax(log_joint, 1) - q.log())).sum(1)


def log_posterior_alone(log_joint, q):
    return (q * torch.log_softmax(log_joint, 1)).sum(1)


def averaged(log_joint, q):
    return (q * (log_joint - q.log())).sum(1).mean()


def unnormalised(log_joint):
    return torch.exp(log_joint)


def over_points(log_joint):
    joint = log_joint.exp()
    return joint / joint.sum(0)


def logarithms(log_joint):
    return log_joint - log_joint.logsumexp(1, keepdim=True)


def hard(log_joint):
    q = torch.zeros_like(log_joint)
    q[torch.arange(len(q)), log_joint.argmax(1)] = 1.0
    return q


def expected_squares(x, W, mean, covariance):
    """E (x_nd - (W z_n)_d)^2 for every n and d: (N, D)."""
    return (x - mean @ W.T) ** 2 + torch.einsum("di,ij,dj->d", W, covariance, W)


def noise(x, W, mean, covariance):
    return expected_squares(x, W, mean, covariance).mean(0)


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


def formula(x, W, mu, sigma2, mean, G, *, spread=1.0, kl=1.0, constant=1.0):
    """The ELBO from torch's own distributions, with parts that can be left out."""
    noise = torch.distributions.Normal(mean @ W.T + mu, sigma2**0.5)
    fit = noise.log_prob(x).sum(1) - spread * (W @ G @ W.T).trace() / (2 * sigma2)
    q = torch.distributions.MultivariateNormal(mean, G)
    prior = torch.distributions.MultivariateNormal(torch.zeros_like(mean), torch.eye(len(G)).to(G))
    scale = torch.log(torch.tensor(2 * torch.pi * sigma2, dtype=x.dtype))
    divergence = torch.distributions.kl_divergence(q, prior)
    return fit - kl * divergence + (1 - constant) * len(W) / 2 * scale


def mean_decoded(x, W, mu, sigma2, mean, covariance):
    return formula(x, W, mu, sigma2, mean, covariance, spread=0.0)


def kl_added(x, W, mu, sigma2, mean, covariance):
    return formula(x, W, mu, sigma2, mean, covariance, kl=-1.0)


def no_kl(x, W, mu, sigma2, mean, covariance):
    return formula(x, W, mu, sigma2, mean, covariance, kl=0.0)


def no_constant(x, W, mu, sigma2, mean, covariance):
    return formula(x, W, mu, sigma2, mean, covariance, constant=0.0)


def deviation_for_variance(x, W, mu, sigma2, mean, covariance):
    return formula(x, W, mu, sigma2**0.5, mean, covariance)


def kl_without_half(x, W, mu, sigma2, mean, covariance):
    return formula(x, W, mu, sigma2, mean, covariance, kl=2.0)


def kl_without_H(x, W, mu, sigma2, mean, covariance):
    return formula(x, W, mu, sigma2, mean, covariance) - W.shape[1] / 2


def error_without_half(x, W, mu, sigma2, mean, covariance):
    error = (x - mu - mean @ W.T).pow(2).sum(1) + torch.trace(W @ covariance @ W.T)
    return formula(x, W, mu, sigma2, mean, covariance) - error / (2 * sigma2)


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
    "03.1": lambda log_joint, q: torch.einsum("nk,nk->n", q, log_joint - q.log()),
    "03.2": lambda log_joint: (log_joint - log_joint.logsumexp(1, keepdim=True)).exp(),
    "03.3": noise,
    "03.4": formula,
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
    ("03.1", no_entropy, "entropy of q is missing"),
    ("03.1", entropy_with_the_wrong_sign, "sign of log q"),
    ("03.1", unweighted, "weighs every term"),
    ("03.1", evidence, "That is the log evidence"),
    ("03.1", log_posterior, "this is −KL"),
    ("03.1", log_posterior_alone, "gives the log posterior"),
    ("03.1", averaged, "one ELBO per data point"),
    ("03.2", unnormalised, "joint probabilities"),
    ("03.2", over_points, "over data points"),
    ("03.2", logarithms, "the logarithms"),
    ("03.2", hard, "the likeliest component"),
    ("03.3", noise_of_means, "decoded the mean only"),
    ("03.3", one_noise, "PPCA's one σ²"),
    ("03.3", whole_trace, "the spread of all"),
    ("03.3", spread_divided, "divided the spread by N"),
    ("03.3", deviations, "standard deviations"),
    ("03.3", squares_added_up, "not added up"),
    ("03.4", mean_decoded, "decoded the mean only"),
    ("03.4", kl_added, "The KL is subtracted"),
    ("03.4", no_kl, "The KL is missing"),
    ("03.4", kl_without_half, "The KL lacks its ½"),
    ("03.4", kl_without_H, "The KL lacks its −H"),
    ("03.4", error_without_half, "yours lacks the 2"),
    ("03.4", no_constant, "constant"),
    ("03.4", deviation_for_variance, "root of"),
    ("03.5", not_squared, "half as many steps"),
    ("03.5", plane_alone, "the plane's pace"),
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
