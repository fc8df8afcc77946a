"""Lesson 02's exercises: a right answer, the stub, and wrong answers as a student writes them."""

import math

import torch

from course_utils.lessons import l02_ppca_posterior  # noqa: F401 (makes the exercises)


def stub_1(x, W, mu, sigma2):
    M = ... + W.T @ W
    mean = (x - mu) @ torch.linalg.solve(M, W.T).T
    covariance = ...
    return mean, covariance


def stub_2(eigenvalues, sigma2):
    return ...


def stub_3(eigenvalues, latent_dim, num_points):
    raise NotImplementedError


def posterior(x, W, mu, M, factor):
    """The frame of the exercise, to be filled with wrong things."""
    return (x - mu) @ torch.linalg.solve(M, W.T).T, factor * torch.linalg.inv(M)


def identity(W):
    return torch.eye(W.shape[1])


def squared_variance(x, W, mu, sigma2):
    return posterior(x, W, mu, sigma2**2 * identity(W) + W.T @ W, sigma2**2)


def root_of_the_variance(x, W, mu, sigma2):
    sigma = math.sqrt(sigma2)
    return posterior(x, W, mu, sigma * identity(W) + W.T @ W, sigma)


def without_identity(x, W, mu, sigma2):
    return posterior(x, W, mu, sigma2 + W.T @ W, sigma2)


def without_mean(x, W, mu, sigma2):
    return posterior(x, W, 0, sigma2 * identity(W) + W.T @ W, sigma2)


def without_prior(x, W, mu, sigma2):
    return posterior(x, W, mu, W.T @ W, sigma2)


def inverse_alone(x, W, mu, sigma2):
    return posterior(x, W, mu, sigma2 * identity(W) + W.T @ W, 1)


def unit_noise(x, W, mu, sigma2):
    return posterior(x, W, mu, identity(W) + W.T @ W, 1)


def noise_added_twice(eigenvalues, sigma2):
    return 1 / (1 + sigma2 / eigenvalues)


def lost_part(eigenvalues, sigma2):
    return torch.full_like(eigenvalues, sigma2) / eigenvalues


def rooted(eigenvalues, sigma2):
    return torch.sqrt((eigenvalues - sigma2) / eigenvalues)


def squared_length(eigenvalues, sigma2):
    return eigenvalues - torch.tensor(sigma2)


def log_likelihood(eigenvalues, latent_dim, num_points, noise, constant=True, trace=True):
    """log N(x; 0, C) added up over the points, from the eigenvalues of C."""
    D = len(eigenvalues)
    spectrum = torch.cat([eigenvalues[:latent_dim], noise.expand(D - latent_dim)])
    per_point = -0.5 * torch.log(spectrum).sum()
    if constant:
        per_point -= 0.5 * D * math.log(2 * math.pi)
    if trace:
        per_point -= 0.5 * D
    return num_points * per_point


def noise_summed(eigenvalues, latent_dim, num_points):
    return log_likelihood(eigenvalues, latent_dim, num_points, eigenvalues[latent_dim:].sum())


def trace_forgotten(eigenvalues, latent_dim, num_points):
    noise = eigenvalues[latent_dim:].mean()
    return log_likelihood(eigenvalues, latent_dim, num_points, noise, trace=False)


def constant_forgotten(eigenvalues, latent_dim, num_points):
    noise = eigenvalues[latent_dim:].mean()
    return log_likelihood(eigenvalues, latent_dim, num_points, noise, constant=False)


def per_point(eigenvalues, latent_dim, num_points):
    return log_likelihood(eigenvalues, latent_dim, 1, eigenvalues[latent_dim:].mean())


RIGHT = {
    "02.1": lambda x, W, mu, sigma2: posterior(
        x, W, mu, W.T @ W + torch.diag(torch.full((W.shape[1],), sigma2)), sigma2
    ),
    "02.2": lambda eigenvalues, sigma2: (eigenvalues - sigma2) / eigenvalues,
    "02.3": lambda eigenvalues, latent_dim, num_points: log_likelihood(
        eigenvalues, latent_dim, num_points, eigenvalues[latent_dim:].mean()
    ),
}
STUBS = {"02.1": stub_1, "02.2": stub_2, "02.3": stub_3}
WRONG = [
    ("02.1", squared_variance, "You squared"),
    ("02.1", root_of_the_variance, "standard deviation σ"),
    ("02.1", without_identity, "to every entry"),
    ("02.1", without_mean, "subtract μ"),
    ("02.1", without_prior, "left out the prior"),
    ("02.1", inverse_alone, "lacks the factor σ²"),
    ("02.1", unit_noise, "set σ² to 1"),
    ("02.2", noise_added_twice, "already contains"),
    ("02.2", lost_part, "the part that is lost"),
    ("02.2", rooted, "root"),
    ("02.2", squared_length, "Divide by M"),
    ("02.3", noise_summed, "not their sum"),
    ("02.3", trace_forgotten, "The last term is missing"),
    ("02.3", constant_forgotten, "The constant"),
    ("02.3", per_point, "the mean per data point"),
]
