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


RIGHT = {
    "01.1": lambda x, W: (W @ (W.T @ (x - x.mean(0)).T)).T + x.mean(0),
    "01.2": lambda eigenvalues, latent_dim: eigenvalues.sum() - eigenvalues[:latent_dim].sum(),
    "01.3": lambda A, B: svdvals(outside(A, B)).max().arcsin() * 180 / torch.pi,
    "01.4": lambda eigenvalues, kept: sum(v for i, v in enumerate(eigenvalues) if i not in kept),
}
STUBS = {"01.1": stub_1, "01.2": stub_2, "01.3": stub_3, "01.4": stub_4}
WRONG = [
    ("01.1", around_the_origin, "around the origin"),
    ("01.1", mean_never_added, "never add it back"),
    ("01.1", mean_never_subtracted, "without having subtracted it"),
    ("01.1", code_alone, "the code z"),
    ("01.1", one_mean_for_all, "its own mean"),
    ("01.2", kept_variance, "variance kept"),
    ("01.2", one_too_few, "One eigenvalue too few"),
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
]
