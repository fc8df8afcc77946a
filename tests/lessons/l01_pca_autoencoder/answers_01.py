"""Lesson 01's exercises: a right answer, the stub, and wrong answers as a student writes them."""

import torch
from torch.linalg import qr, svdvals

from course_utils.lessons import l01_pca_autoencoder  # noqa: F401 (makes the exercises)


def stub_1(x, W):
    z = (x - ...) @ ...
    return z @ W.T + ...


def stub_2(eigenvalues, latent_dim):
    return ...


def stub_3(A, B):
    raise NotImplementedError


def stub_4(eigenvalues, kept):
    raise NotImplementedError


def around_the_origin(x, W):
    z = x @ W
    return z @ W.T


def mean_never_added(x, W):
    z = (x - torch.mean(x, dim=0)) @ W
    return z @ W.T


def mean_never_subtracted(x, W):
    z = x @ W
    return z @ W.T + x.mean(0)


def code_alone(x, W):
    centred = x - x.mean(dim=0, keepdim=True)
    return centred @ W


def one_mean_for_all(x, W):
    mean = torch.mean(x)
    z = (x - mean) @ W
    return z @ W.T + mean


def kept_variance(eigenvalues, latent_dim):
    return sum(eigenvalues[i] for i in range(latent_dim))


def one_too_few(eigenvalues, latent_dim):
    total = 0.0
    for i in range(latent_dim + 1, len(eigenvalues)):
        total = total + eigenvalues[i]
    return total


def one_too_many(eigenvalues, latent_dim):
    return eigenvalues.sum() - eigenvalues[: latent_dim - 1].sum()


def the_smallest(eigenvalues, latent_dim):
    return eigenvalues[len(eigenvalues) - latent_dim :].sum()


def average(eigenvalues, latent_dim):
    return eigenvalues[latent_dim:].sum() / (len(eigenvalues) - latent_dim)


def share(eigenvalues, latent_dim):
    return 1 - eigenvalues[:latent_dim].sum() / eigenvalues.sum()


def outside(A, B):
    """(I - Q_A Q_A^T) Q_B, written out."""
    Q_A, Q_B = qr(A)[0], qr(B)[0]
    return (torch.eye(len(A)) - Q_A @ Q_A.T) @ Q_B


def by_cosine(A, B):
    cosines = svdvals(qr(B).Q.T @ qr(A).Q)
    return torch.rad2deg(torch.acos(cosines[-1]))


def smallest_angle(A, B):
    return svdvals(outside(A, B))[-1].asin().rad2deg()


def radians(A, B):
    return torch.asin(svdvals(outside(A, B))[0])


def sine(A, B):
    return torch.linalg.matrix_norm(outside(A, B), 2)


def not_orthonormal(A, B):
    return svdvals((torch.eye(len(A)) - A @ A.T) @ B)[0].asin().rad2deg()


def kept_at_the_saddle(eigenvalues, kept):
    return sum(eigenvalues[i] for i in kept)


def minimum(eigenvalues, kept):
    return eigenvalues.sum() - eigenvalues[: len(kept)].sum()


def after_the_last(eigenvalues, kept):
    return sum(eigenvalues[kept[-1] + 1 :])


def counted_from_one(eigenvalues, kept):
    return eigenvalues.sum() - sum(eigenvalues[i - 1] for i in kept)


def numbered_from_one(eigenvalues, kept):
    return sum(eigenvalues[i - 1] for i in range(1, len(eigenvalues) + 1) if i not in kept)


def stub_5(eigenvalues, latent_dim, kappa):
    raise NotImplementedError


def stub_6(eigenvalues, latent_dim, sigma2):
    raise NotImplementedError


def penalised(eigenvalues, latent_dim, kappa, error=1, penalty=2, threshold=True, rest=True):
    total = 0.0
    for i, value in enumerate(eigenvalues):
        s2 = 1 - kappa / value
        if i < latent_dim and (value > kappa or not threshold):
            total = total + error * value * (1 - s2) ** 2 + penalty * kappa * s2
        elif rest or i < latent_dim:
            total = total + value
    return total


def threshold_forgotten(*arguments):
    return penalised(*arguments, threshold=False)


def error_alone(*arguments):
    return penalised(*arguments, penalty=0)


def penalty_once(*arguments):
    return penalised(*arguments, penalty=1)


def penalty_alone(*arguments):
    return penalised(*arguments, error=0)


def error_not_squared(eigenvalues, latent_dim, kappa):
    total = eigenvalues[latent_dim:].sum()
    for value in eigenvalues[:latent_dim]:
        s2 = 1 - kappa / value
        total = total + (value * (1 - s2) + 2 * kappa * s2 if s2 > 0 else value)
    return total


def first_alone(*arguments):
    return penalised(*arguments, rest=False)


def without_penalty(eigenvalues, latent_dim, kappa):
    return sum(eigenvalues[latent_dim:])


def denoised(eigenvalues, latent_dim, sigma2, factor=None, signal=1, noise=1):
    total = eigenvalues[latent_dim:].sum()
    for value in eigenvalues[:latent_dim]:
        c = value / (value + sigma2) if factor is None else factor
        total = total + signal * value * (1 - c) ** 2 + noise * c**2 * sigma2
    return total


def noise_forgotten(eigenvalues, latent_dim, sigma2):
    return eigenvalues[latent_dim:].sum()


def all_noise(*arguments):
    return denoised(*arguments, factor=1.0)


def signal_lost(*arguments):
    return denoised(*arguments, noise=0)


def noise_kept(*arguments):
    return denoised(*arguments, signal=0)


def all_directions(eigenvalues, latent_dim, sigma2):
    return denoised(eigenvalues, len(eigenvalues), sigma2)


def variance_squared(eigenvalues, latent_dim, sigma2):
    return denoised(eigenvalues, latent_dim, sigma2**2)


def tail_forgotten(eigenvalues, latent_dim, sigma2):
    return denoised(eigenvalues[:latent_dim], latent_dim, sigma2)


RIGHT = {
    "01.1": lambda x, W: (W @ (W.T @ (x - x.mean(0)).T)).T + x.mean(0),
    "01.2": lambda eigenvalues, latent_dim: eigenvalues.sum() - eigenvalues[:latent_dim].sum(),
    "01.3": lambda A, B: svdvals(outside(A, B)).max().arcsin() * 180 / torch.pi,
    "01.4": lambda eigenvalues, kept: sum(v for i, v in enumerate(eigenvalues) if i not in kept),
    "01.5": penalised,
    "01.6": denoised,
}
STUBS = {
    "01.1": stub_1,
    "01.2": stub_2,
    "01.3": stub_3,
    "01.4": stub_4,
    "01.5": stub_5,
    "01.6": stub_6,
}
WRONG = [
    ("01.1", around_the_origin, "around the origin"),
    ("01.1", mean_never_added, "never add it back"),
    ("01.1", mean_never_subtracted, "without having subtracted it"),
    ("01.1", code_alone, "the code z"),
    ("01.1", one_mean_for_all, "its own mean"),
    ("01.2", kept_variance, "variance kept"),
    ("01.2", one_too_few, "One eigenvalue too few"),
    ("01.2", one_too_many, "One eigenvalue too many"),
    ("01.2", the_smallest, "the H smallest"),
    ("01.2", average, "Sum, not mean"),
    ("01.2", share, "the share of the variance"),
    ("01.3", by_cosine, "Use the sine"),
    ("01.3", smallest_angle, "smallest angle"),
    ("01.3", radians, "in radians"),
    ("01.3", sine, "the sine of the angle"),
    ("01.3", not_orthonormal, "not orthonormal"),
    ("01.4", kept_at_the_saddle, "variance kept"),
    ("01.4", minimum, "height of the minimum"),
    ("01.4", after_the_last, "gaps before it"),
    ("01.4", counted_from_one, "You count from 1"),
    ("01.4", numbered_from_one, "numbered from 1"),
    ("01.5", threshold_forgotten, "that column is zero"),
    ("01.5", error_alone, "the squared error alone"),
    ("01.5", penalty_once, "paid the penalty once"),
    ("01.5", penalty_alone, "the penalty alone"),
    ("01.5", error_not_squared, "the square is missing"),
    ("01.5", first_alone, "the first H alone"),
    ("01.5", without_penalty, "without a penalty"),
    ("01.6", noise_forgotten, "the floor without noise"),
    ("01.6", all_noise, "in full"),
    ("01.6", signal_lost, "the signal lost"),
    ("01.6", noise_kept, "the noise that comes through"),
    ("01.6", all_directions, "all D directions"),
    ("01.6", variance_squared, "do not square it"),
    ("01.6", tail_forgotten, "the first H alone"),
]
