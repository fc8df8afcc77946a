"""Lesson 01's exercises: a right answer, the stub, and wrong answers as a student writes them."""

import torch
from torch.linalg import qr

from course_utils.lessons import l01_pca_autoencoder  # noqa: F401 (makes the exercises)


def stub_1(x, W):
    raise NotImplementedError  # the codes are (x - x.mean(0)) @ W


def stub_2(losses):
    raise NotImplementedError


def stub_3(Z1, Z2):
    raise NotImplementedError


def stub_4(eigenvalues, kept):
    raise NotImplementedError


def decoded(x, W, decoder=None):
    mean = torch.mean(x, dim=0, keepdim=True)
    z = (x - mean) @ W
    return z @ (torch.inverse(W.T @ W) @ W.T if decoder is None else decoder) + mean


def orthonormal_taken(x, W):
    return decoded(x, W, W.T)


def right_angles_taken(x, W):
    return decoded(x, W, torch.inverse((W.T @ W).diag().diag()) @ W.T)


def unit_columns(x, W):
    return decoded(x, W, (W / (W**2).sum(0).sqrt()).T)


def not_inverted(x, W):
    return decoded(x, W, W.T @ W @ W.T)


def other_basis(x, W):
    return decoded(x, W, qr(W)[0].T)


def mean_never_added(x, W):
    return decoded(x, W) - x.mean(0)


def around_the_origin(x, W):
    return x @ W @ torch.inverse(W.T @ W) @ W.T


def one_mean_for_all(x, W):
    return (x - x.mean()) @ W @ torch.inverse(W.T @ W) @ W.T + x.mean()


def falls(losses):
    return [round((losses[h] - losses[h + 1]).item(), 9) for h in range(len(losses) - 1)]


def read(losses, count=None):
    spectrum = falls(losses)
    ties = sum(spectrum[h] == spectrum[h + 1] for h in range(len(spectrum) - 1))
    return torch.tensor(spectrum, dtype=torch.float64), ties if count is None else count


def spectrum_negative(losses):
    return -read(losses)[0], read(losses)[1]


def sums_for_terms(losses):
    return losses[: len(losses) - 1], read(losses)[1]


def ascending(losses):
    return read(losses)[0].sort().values, read(losses)[1]


def shares(losses):
    return read(losses)[0] / losses[0], read(losses)[1]


def to_the_last_bit(losses):
    spectrum = losses[:-1] - losses[1:]
    return spectrum, (spectrum[:-1] == spectrum[1:]).sum()


def equal_losses(losses):
    return read(losses, sum(a == b for a, b in zip(losses[1:], losses[:-1], strict=True)))


def zeros_not_counted(losses):
    positive = [v for v in falls(losses) if v > 0]
    return read(losses, len(positive) - len(set(positive)))


def unique_planes(losses):
    return read(losses, len(set(falls(losses))) - 1)


def equal_ones(losses):
    return read(losses, sum(falls(losses).count(v) > 1 for v in falls(losses)))


def groups(losses):
    return read(losses, sum(falls(losses).count(v) > 1 for v in set(falls(losses))))


def regressed(Z1, Z2):
    """By covariances, the codes of centred points being centred."""
    within, across = (
        torch.cov(Z1.T),
        torch.cov(torch.cat([Z1, Z2], 1).T)[: Z1.shape[1], -Z2.shape[1] :],
    )
    return (Z2 - Z1 @ torch.linalg.solve(within, across)).square().sum() / len(Z1)


def compared_directly(Z1, Z2):
    return (Z1 - Z2).square().sum() / len(Z1)


def column_by_column(Z1, Z2):
    total = 0.0
    for a, b in zip(Z1.T, Z2.T, strict=True):
        total = total + (b - (a @ b) / (a @ a) * a).square().mean()
    return total


def rotation_alone(Z1, Z2):
    U, _, Vh = torch.linalg.svd(Z1.T @ Z2)
    return torch.dist(Z2, Z1 @ U @ Vh) ** 2 / len(Z1)


def not_orthonormal(Z1, Z2):
    projector = Z1 @ Z1.T
    return ((torch.eye(len(Z1)) - projector) @ Z2).square().sum(1).mean()


def other_way_round(Z1, Z2):
    return regressed(Z2, Z1)


def covariances(Z1, Z2):
    return torch.linalg.matrix_norm(Z2.T @ Z2 - Z1.T @ Z1) ** 2


def over_all_entries(Z1, Z2):
    return (Z2 - Z1 @ torch.linalg.pinv(Z1) @ Z2).square().mean()


def summed(Z1, Z2):
    return (Z2 - Z1 @ torch.linalg.pinv(Z1) @ Z2).square().sum()


def at_choice(eigenvalues, kept, height=None, bend=None):
    left = [v for i, v in enumerate(eigenvalues) if i not in kept]
    bends = [2 * (eigenvalues[j] - v) for j in kept for v in left]
    return sum(left) if height is None else height, min(bends) if bend is None else bend


def kept_at_the_saddle(eigenvalues, kept):
    return at_choice(eigenvalues, kept, height=sum(eigenvalues[i] for i in kept))


def minimum(eigenvalues, kept):
    return at_choice(eigenvalues, kept, height=sum(eigenvalues[len(kept) :]))


def counted_from_one(eigenvalues, kept):
    return at_choice(eigenvalues, [(i - 1) % len(eigenvalues) for i in kept])


def half_the_bend(eigenvalues, kept):
    return at_choice(eigenvalues, kept, bend=at_choice(eigenvalues, kept)[1] / 2)


def bend_turned(eigenvalues, kept):
    return at_choice(eigenvalues, kept, bend=-at_choice(eigenvalues, kept)[1])


def never_positive(eigenvalues, kept):
    return at_choice(
        eigenvalues, kept, bend=min(at_choice(eigenvalues, kept)[1], torch.tensor(0.0))
    )


def towards_the_first(eigenvalues, kept):
    return at_choice(eigenvalues, kept, bend=2 * (eigenvalues[max(kept)] - eigenvalues[0]))


def largest_goes(eigenvalues, kept):
    left = [i for i in range(len(eigenvalues)) if i not in kept]
    return at_choice(eigenvalues, kept, bend=2 * (eigenvalues[min(kept)] - eigenvalues[left[0]]))


def smallest_comes(eigenvalues, kept):
    left = [i for i in range(len(eigenvalues)) if i not in kept]
    return at_choice(eigenvalues, kept, bend=2 * (eigenvalues[max(kept)] - eigenvalues[left[-1]]))


def largest_bend(eigenvalues, kept):
    left = [i for i in range(len(eigenvalues)) if i not in kept]
    return at_choice(eigenvalues, kept, bend=2 * (eigenvalues[min(kept)] - eigenvalues[left[-1]]))


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


def error_without_threshold(*arguments):
    return penalised(*arguments, penalty=0, threshold=False)


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
    "01.1": decoded,
    "01.2": read,
    "01.3": regressed,
    "01.4": at_choice,
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
    ("01.1", orthonormal_taken, "for orthonormal columns"),
    ("01.1", right_angles_taken, "counted twice"),
    ("01.1", unit_columns, "enters twice"),
    ("01.1", not_inverted, "once more"),
    ("01.1", other_basis, "with W itself"),
    ("01.1", mean_never_added, "not added back"),
    ("01.1", around_the_origin, "around the origin"),
    ("01.1", one_mean_for_all, "its own mean"),
    ("01.2", spectrum_negative, "The sign is turned"),
    ("01.2", sums_for_terms, "sums of eigenvalues"),
    ("01.2", ascending, "the other order"),
    ("01.2", shares, "shares of the variance"),
    ("01.2", to_the_last_bit, "torch.isclose"),
    ("01.2", equal_losses, "Equal <i>losses</i>"),
    ("01.2", zeros_not_counted, "eigenvalues of 0"),
    ("01.2", unique_planes, "is</i> the only one"),
    ("01.2", equal_ones, "that have an equal"),
    ("01.2", groups, "the groups"),
    ("01.3", compared_directly, "the coordinates themselves"),
    ("01.3", column_by_column, "Column by column"),
    ("01.3", rotation_alone, "rotations only"),
    ("01.3", not_orthonormal, "orthonormal"),
    ("01.3", other_way_round, "first code from the second"),
    ("01.3", covariances, "covariances"),
    ("01.3", over_all_entries, "Divided by H"),
    ("01.3", summed, "the sum over the points"),
    ("01.4", kept_at_the_saddle, "the variance kept"),
    ("01.4", minimum, "that of the minimum"),
    ("01.4", counted_from_one, "You count from 1"),
    ("01.4", half_the_bend, "half of it"),
    ("01.4", bend_turned, "the sign of the bend"),
    ("01.4", never_positive, "every turn goes up"),
    ("01.4", towards_the_first, "kept already"),
    ("01.4", largest_goes, "smallest</i> one kept"),
    ("01.4", smallest_comes, "largest</i> one left out"),
    ("01.4", largest_bend, "the largest bend"),
    ("01.5", error_without_threshold, "not even that"),
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
