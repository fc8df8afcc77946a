"""Lesson 02's exercises: a right answer, the stub, and wrong answers as a student writes them."""

import math

import torch

from course_utils.lessons import l02_ppca_posterior  # noqa: F401 (makes the exercises)


def stub_1(x, W, mu, noise):
    covariance = ...
    mean = ...
    return mean, covariance


def stub_2(eigenvalues, sigma2):
    return ...


def stub_3(eigenvalues, latent_dim):
    raise NotImplementedError


def stub_4(eigenvalues, latent_dim, num_points, sigma2):
    raise NotImplementedError


def stub_5(x, seen, W, mu, sigma2):
    raise NotImplementedError


def posterior(x, W, mu, noise, prior=1.0):
    """Exercise 02.1 with matrices in full."""
    by_precision = torch.diag(1 / noise)
    covariance = torch.linalg.inv(prior * torch.eye(W.shape[1]) + W.T @ by_precision @ W)
    return (covariance @ W.T @ by_precision @ (x - mu).T).T, covariance


def precision_for_covariance(x, W, mu, noise):
    mean, covariance = posterior(x, W, mu, noise)
    return mean, torch.linalg.inv(covariance)


def squared_variance(x, W, mu, noise):
    return posterior(x, W, mu, noise**2)


def root_of_the_variance(x, W, mu, noise):
    return posterior(x, W, mu, noise**0.5)


def multiplied(x, W, mu, noise):
    return posterior(x, W, mu, noise**-1)


def without_mean(x, W, mu, noise):
    return posterior(x, W, torch.zeros(len(mu)), noise)


def without_prior(x, W, mu, noise):
    return posterior(x, W, mu, noise, prior=0.0)


def unweighed_mean(x, W, mu, noise):
    covariance = posterior(x, W, mu, noise)[1]
    return (x - mu) @ W @ covariance, covariance


def linear_term(x, W, mu, noise):
    return ((x - mu) / noise) @ W, posterior(x, W, mu, noise)[1]


def one_noise(x, W, mu, noise):
    sigma2 = noise.mean()
    M = sigma2 * torch.eye(W.shape[1]) + W.T @ W
    return (x - mu) @ torch.linalg.solve(M, W.T).T, sigma2 * torch.linalg.inv(M)


def noise_added_twice(eigenvalues, sigma2):
    return 1 / (1 + sigma2 / eigenvalues)


def lost_part(eigenvalues, sigma2):
    return torch.full_like(eigenvalues, sigma2) / eigenvalues


def rooted(eigenvalues, sigma2):
    return torch.sqrt((eigenvalues - sigma2) / eigenvalues)


def encoder_alone(eigenvalues, sigma2):
    return torch.sqrt(eigenvalues - sigma2) / eigenvalues


def by_the_noise(eigenvalues, sigma2):
    return eigenvalues / sigma2 - 1


def squared_length(eigenvalues, sigma2):
    return eigenvalues - torch.tensor(sigma2)


def bracket(eigenvalues, latent_dim, noise=None):
    """log|C| + Tr[C^-1 S] from all D variances of C, by default with the best noise."""
    noise = eigenvalues[latent_dim:].mean() if noise is None else noise
    variances = eigenvalues.clone()
    variances[latent_dim:] = noise
    return (variances.log() + eigenvalues / variances).sum()


def right_3(eigenvalues, latent_dim):
    return 0.5 * (bracket(eigenvalues, latent_dim) - bracket(eigenvalues, latent_dim + 1))


def noise_held(eigenvalues, latent_dim):
    noise = eigenvalues[latent_dim:].mean()
    after = bracket(eigenvalues, latent_dim + 1, noise)
    return 0.5 * (bracket(eigenvalues, latent_dim) - after)


def determinants(eigenvalues, latent_dim, noise, repeat=True, kept=True):
    """Half of what log|C| falls with one latent more, from the noise before and after."""
    J, (before, after) = len(eigenvalues) - latent_dim, noise
    fall = J * before.log() - (J - 1) * after.log() if repeat else before.log() - after.log()
    return (fall - kept * eigenvalues[latent_dim].log()) / 2


def means(eigenvalues, latent_dim):
    return eigenvalues[latent_dim:].mean(), eigenvalues[latent_dim + 1 :].mean()


def one_noise_for_both(eigenvalues, latent_dim):
    return determinants(eigenvalues, latent_dim, [means(eigenvalues, latent_dim)[0]] * 2)


def noise_summed(eigenvalues, latent_dim):
    sums = eigenvalues[latent_dim:].sum(), eigenvalues[latent_dim + 1 :].sum()
    return determinants(eigenvalues, latent_dim, sums)


def noise_counted_once(eigenvalues, latent_dim):
    return determinants(eigenvalues, latent_dim, means(eigenvalues, latent_dim), repeat=False)


def noise_alone(eigenvalues, latent_dim):
    return determinants(eigenvalues, latent_dim, means(eigenvalues, latent_dim), kept=False)


def without_half(eigenvalues, latent_dim):
    return bracket(eigenvalues, latent_dim) - bracket(eigenvalues, latent_dim + 1)


def turned(eigenvalues, latent_dim):
    return -right_3(eigenvalues, latent_dim)


def gaussian(eigenvalues, variances, num_points, trace=None):
    """The log-likelihood of N(0, diag(variances)) for data of these eigenvalues."""
    trace = (eigenvalues / variances).sum() if trace is None else trace
    log_det = torch.log(variances).sum()
    return -0.5 * num_points * (len(eigenvalues) * math.log(2 * math.pi) + log_det + trace)


def given(eigenvalues, latent_dim, sigma2, kept=torch.maximum):
    noise = torch.full_like(eigenvalues, sigma2)
    return torch.where(torch.arange(len(noise)) < latent_dim, kept(eigenvalues, noise), noise)


def right_4(eigenvalues, latent_dim, num_points, sigma2):
    return gaussian(eigenvalues, given(eigenvalues, latent_dim, sigma2), num_points)


def below_the_noise(eigenvalues, latent_dim, num_points, sigma2):
    variances = given(eigenvalues, latent_dim, sigma2, kept=lambda e, s: e)
    return gaussian(eigenvalues, variances, num_points)


def trace_of_the_best(eigenvalues, latent_dim, num_points, sigma2):
    variances = given(eigenvalues, latent_dim, sigma2)
    return gaussian(eigenvalues, variances, num_points, trace=len(eigenvalues))


def put_into_the_last_exercise(eigenvalues, latent_dim, num_points, sigma2):
    variances = given(eigenvalues, latent_dim, sigma2, kept=lambda e, s: e)
    return gaussian(eigenvalues, variances, num_points, trace=len(eigenvalues))


def all_columns(eigenvalues, latent_dim, num_points, sigma2):
    return gaussian(eigenvalues, given(eigenvalues, len(eigenvalues), sigma2), num_points)


def one_point(eigenvalues, latent_dim, num_points, sigma2):
    return right_4(eigenvalues, latent_dim, 1, sigma2)


def conditioned(x, seen, W, mu, sigma2):
    """Exercise 02.5 from the covariance of x alone."""
    C = W @ W.T + sigma2 * torch.eye(len(mu))
    weights = torch.linalg.solve(C[seen][:, seen], C[seen][:, ~seen])
    filled = x.clone()
    filled[:, ~seen] = mu[~seen] + (x - mu)[:, seen] @ weights
    return filled


def autoencoded(x, W, mu, sigma2):
    return (x - mu) @ torch.linalg.solve(W @ W.T + sigma2 * torch.eye(len(mu)), W @ W.T) + mu


def hidden_encoded(x, seen, W, mu, sigma2):
    return torch.where(seen, x, autoencoded(x, W, mu, sigma2))


def mean_encoded(x, seen, W, mu, sigma2):
    return torch.where(seen, x, autoencoded(torch.where(seen, x, mu), W, mu, sigma2))


def all_decoded(x, seen, W, mu, sigma2):
    V = W[seen]
    M = sigma2 * torch.eye(W.shape[1]) + V.T @ V
    return (x - mu)[:, seen] @ V @ torch.linalg.inv(M) @ W.T + mu


def mean_filled_in(x, seen, W, mu, sigma2):
    return torch.where(seen, x, mu)


def mean_forgotten(x, seen, W, mu, sigma2):
    return torch.where(seen, x, conditioned(x, seen, W, mu, sigma2) - mu)


def least_squares(x, seen, W, mu, sigma2):
    code = torch.linalg.lstsq(W[seen], (x - mu)[:, seen].T).solution.T
    return torch.where(seen, x, code @ W.T + mu)


RIGHT = {
    "02.1": posterior,
    "02.2": lambda eigenvalues, sigma2: (eigenvalues - sigma2) / eigenvalues,
    "02.3": right_3,
    "02.4": right_4,
    "02.5": conditioned,
}
STUBS = {"02.1": stub_1, "02.2": stub_2, "02.3": stub_3, "02.4": stub_4, "02.5": stub_5}
WRONG = [
    ("02.1", precision_for_covariance, "<i>inverse</i>"),
    ("02.1", squared_variance, "You squared"),
    ("02.1", root_of_the_variance, "standard deviations"),
    ("02.1", multiplied, "You multiplied"),
    ("02.1", without_mean, "subtract μ"),
    ("02.1", without_prior, "left out the prior"),
    ("02.1", unweighed_mean, "linear term has Ψ⁻¹"),
    ("02.1", linear_term, "multiply by G"),
    ("02.1", one_noise, "averaged the noise"),
    ("02.2", noise_added_twice, "already contains"),
    ("02.2", lost_part, "the part that is lost"),
    ("02.2", rooted, "root"),
    ("02.2", encoder_alone, "the encoder E alone"),
    ("02.2", by_the_noise, "by σ² alone"),
    ("02.2", squared_length, "Divide by M"),
    ("02.3", noise_held, "held σ²"),
    ("02.3", one_noise_for_both, "another mean"),
    ("02.3", noise_summed, "not their sum"),
    ("02.3", noise_alone, "has left the noise"),
    ("02.3", noise_counted_once, "once for every direction"),
    ("02.3", without_half, "Twice too much"),
    ("02.3", turned, "<i>minus</i>"),
    ("02.4", below_the_noise, "no real column"),
    ("02.4", trace_of_the_best, "log|C| is right"),
    ("02.4", put_into_the_last_exercise, "no longer hold"),
    ("02.4", all_columns, "only H columns"),
    ("02.4", one_point, "the mean per data point"),
    ("02.5", hidden_encoded, "hidden pixels included"),
    ("02.5", mean_encoded, "believes"),
    ("02.5", mean_filled_in, "has seen nothing"),
    ("02.5", all_decoded, "Leave the seen ones"),
    ("02.5", mean_forgotten, "add μ"),
    ("02.5", least_squares, "least squares"),
]
