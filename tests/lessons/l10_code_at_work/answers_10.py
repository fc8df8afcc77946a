"""Exercises 10.1, 10.2 and 10.3: right answers, stubs, and wrong ones as a student writes them."""

import torch

from course_utils.lessons import l10_code_at_work  # noqa: F401 (makes the exercises)


def stub_1(V, S):
    return ...


def stub_2(mu, C, A, y):
    gain = ...
    mean = mu + (y - A @ mu) @ gain.T
    covariance = ...
    return mean, covariance


def stub_3(y, images, A, scale):
    raise NotImplementedError


def as_a_float(V, S):
    return float(sum(V[d, d] for d in range(len(V)))) * (S + 1) / S


def one_draw(V, S):
    return 2 * torch.trace(V)


def of_the_average(V, S):
    return torch.trace(V) / S


def of_the_mean(V, S):
    return torch.diagonal(V).sum()


def both_averaged(V, S):
    return (V.trace() + V.trace()) / S


def all_entries(V, S):
    return torch.sum(V) * (S + 1) / S


def mean_over_pixels(V, S):
    return torch.diagonal(V).mean() * (S + 1) / S


def one_over_S_squared(V, S):
    return V.trace() + V.trace() / S**2


def multiplied(V, S):
    return V.trace() * ((S + 1) / S) ** 2


def by_solve(mu, C, A, y):
    gain = torch.linalg.solve(A @ C @ A.T, A @ C).T
    return mu + (y - mu @ A.T) @ gain.T, C - gain @ (A @ C @ A.T) @ gain.T


def parts(C, A):
    return C @ A.T, torch.linalg.inv(A @ C @ A.T)


def by_pinv(mu, C, A, y):
    gain = torch.linalg.pinv(A)
    return mu + (y - A @ mu) @ gain.T, C - gain @ A @ C


def plus(mu, C, A, y):
    cov, precision = parts(C, A)
    return by_solve(mu, C, A, y)[0], C + cov @ precision @ cov.T


def y_itself(mu, C, A, y):
    cov, precision = parts(C, A)
    return mu + y @ (cov @ precision).T, by_solve(mu, C, A, y)[1]


def without_mu(mu, C, A, y):
    cov, precision = parts(C, A)
    return (y - A @ mu) @ (cov @ precision).T, by_solve(mu, C, A, y)[1]


def multiplies(mu, C, A, y):
    gain = C @ A.T @ A @ C @ A.T
    return mu + (y - A @ mu) @ gain.T, C - gain @ A @ C


def prior_covariance(mu, C, A, y):
    return by_solve(mu, C, A, y)[0], C


def explained(mu, C, A, y):
    cov, precision = parts(C, A)
    return by_solve(mu, C, A, y)[0], cov @ precision @ cov.T


def one_by_one(y, images, A, scale):
    answers = []
    for one in y:
        log_w = -(one - images @ A.T).square().sum(1) / (2 * (scale / 2) ** 2)
        weights = torch.exp(log_w - log_w.logsumexp(0))
        moved = images + 4 * (one - images @ A.T) @ A
        answers.append((weights[:, None] * moved).sum(0))
    return torch.stack(answers)


def mixed(y, images, A, log_w, back=4):
    mean = torch.softmax(log_w, 1) @ images
    return mean + back * (y - mean @ A.T) @ A


def squares(y, images, A):
    return (y[:, None] - images @ A.T).square().sum(2)


def full_fog(y, images, A, scale):
    return mixed(y, images, A, -squares(y, images, A) / (2 * scale**2))


def no_half(y, images, A, scale):
    return mixed(y, images, A, -squares(y, images, A) / (scale / 2) ** 2)


def distances(y, images, A, scale):
    return mixed(y, images, A, -squares(y, images, A).sqrt() / (2 * (scale / 2) ** 2))


def not_moved(y, images, A, scale):
    return mixed(y, images, A, -2 * squares(y, images, A) / scale**2, back=0)


def moved_too_little(y, images, A, scale):
    return mixed(y, images, A, -2 * squares(y, images, A) / scale**2, back=1)


def likeliest(y, images, A, scale):
    best = images[squares(y, images, A).argmin(1)]
    return best + 4 * (y - best @ A.T) @ A


def over_the_y(y, images, A, scale):
    weights = torch.softmax(-2 * squares(y, images, A) / scale**2, 0)
    return weights @ images + 4 * (y - weights @ images @ A.T) @ A


RIGHT = {"10.1": as_a_float, "10.2": by_solve, "10.3": one_by_one}
STUBS = {"10.1": stub_1, "10.2": stub_2, "10.3": stub_3}
WRONG = [
    ("10.1", one_draw, "Right for one draw"),
    ("10.1", of_the_average, "The truth is not at the mean"),
    ("10.1", of_the_mean, "the error of the posterior's mean"),
    ("10.1", both_averaged, "Averaging calms the draws alone"),
    ("10.1", all_entries, "covariances do not enter"),
    ("10.1", mean_over_pixels, "not averaged"),
    ("10.1", one_over_S_squared, "falls as 1/S"),
    ("10.1", multiplied, "nothing multiplies"),
    ("10.2", by_pinv, "pseudo-inverse ignores"),
    ("10.2", plus, "the sign is a minus"),
    ("10.2", y_itself, "multiplies the surprise"),
    ("10.2", without_mu, "begins at μ"),
    ("10.2", multiplies, "its inverse"),
    ("10.2", prior_covariance, "before anything was seen"),
    ("10.2", explained, "What is left is C less that"),
    ("10.3", full_fog, "variance is a quarter"),
    ("10.3", no_half, "exponent has a ½"),
    ("10.3", distances, "Distances are squared"),
    ("10.3", not_moved, "must agree with y"),
    ("10.3", moved_too_little, "a quarter of a projection"),
    ("10.3", likeliest, "the one likeliest image"),
    ("10.3", over_the_y, "sum to 1 over the images"),
]
