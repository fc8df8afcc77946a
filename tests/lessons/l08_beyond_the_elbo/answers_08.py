"""Lesson 08's exercises: right answers, stubs, and wrong ones as a student would write them."""

from math import log

import torch

from course_utils.lessons import l08_beyond_the_elbo  # noqa: F401 (makes the exercises)


def stub_1(log_w, K):
    return ...


def stub_2(covariance, variances):
    raise NotImplementedError


def stub_3(log_w, slope, moved):
    return ...


def stub_4(betas, log_joint, log_q):
    return ...


def stub_5(betas, log_joint, log_q):
    raise NotImplementedError


def stub_6(log_w, alpha):
    return ..., ...


def group_by_group(log_w, K):
    parts = [torch.logsumexp(part, 0) - log(K) for part in log_w.split(K)]
    return sum(parts) / len(parts)


def mean_of_logs(log_w, K):
    return torch.sum(log_w, 0) / log_w.size(0)


def all_under_one(log_w, K):
    return torch.logsumexp(log_w, dim=0) - log(log_w.size(0))


def first_group(log_w, K):
    return torch.logsumexp(log_w[:K], dim=0) - log(K)


def no_log_K(log_w, K):
    return sum(torch.logsumexp(part, 0) for part in log_w.split(K)) / (len(log_w) // K)


def log_M(log_w, K):
    return no_log_K(log_w, K) - log(len(log_w))


def means_swapped(log_w, K):
    means = torch.stack([part.mean(0) for part in log_w.split(K)])
    return torch.log(torch.exp(means - means.amax(0)).mean(0)) + means.amax(0)


def combed(log_w, K):
    stride = len(log_w) // K
    return sum(torch.logsumexp(log_w[g::stride], 0) - log(K) for g in range(stride)) / stride


def exp_first(log_w, K):
    return sum(torch.log(torch.exp(part).mean(0)) for part in log_w.split(K)) / (len(log_w) // K)


def averaged(log_w, K):
    return torch.mean(group_by_group(log_w, K))


def relative(covariance, variances):
    root = torch.diag(torch.sqrt(variances))
    return torch.linalg.eigvals(root @ torch.inverse(covariance) @ root).real


def by_division(covariance, variances):
    """Largest 1 - 1/mu, mu the variances of p along q's axes made round."""
    root = torch.diag(1 / torch.sqrt(variances))
    widths = torch.linalg.eigvalsh(root @ covariance @ root)
    return torch.clamp(1 - 1 / widths.max(), min=0)


def largest_power(covariance, variances):
    return 1 / torch.clamp(1 - relative(covariance, variances).min(), min=0)


def below_zero(covariance, variances):
    return 1 - relative(covariance, variances).min()


def best_direction(covariance, variances):
    return torch.clamp(1 - relative(covariance, variances).max(), min=0)


def matrices_apart(covariance, variances):
    return torch.clamp(1 - variances.min() / torch.linalg.eigvalsh(covariance).max(), min=0)


def marginals(covariance, variances):
    return torch.clamp(1 - (variances / torch.diag(covariance)).min(), min=0)


def upside_down(covariance, variances):
    root = torch.diag(1 / torch.sqrt(variances))
    return torch.clamp(1 - torch.linalg.eigvalsh(root @ covariance @ root).min(), min=0)


def with_side(alpha):
    return 0 if alpha == 1 else (-1 if alpha < 1 else 1)


def renyi_in_order(log_w, alpha):
    if alpha == 1:
        return torch.sum(log_w, 0) / len(log_w), 0
    power = 1 - alpha
    value = torch.logsumexp(power * log_w, 0) / power - log(log_w.size(0)) / power
    return value, -1 if power > 0 else 1


def with_one(formula):
    def answer(log_w, alpha):
        value = log_w.sum(0) / len(log_w) if alpha == 1 else formula(log_w, alpha)
        return value, with_side(alpha)

    answer.__name__ = formula.__name__
    return answer


@with_one
def power_alpha(log_w, alpha):
    return (torch.logsumexp(alpha * log_w, 0) - log(len(log_w))) / (1 - alpha)


@with_one
def undivided(log_w, alpha):
    return torch.logsumexp((1 - alpha) * log_w, 0) - log(len(log_w))


@with_one
def summed(log_w, alpha):
    return torch.logsumexp((1 - alpha) * log_w, 0) / (1 - alpha)


@with_one
def log_K_outside(log_w, alpha):
    return torch.logsumexp((1 - alpha) * log_w, 0) / (1 - alpha) - log(len(log_w))


@with_one
def always_the_elbo(log_w, alpha):
    return torch.mean((1 - alpha) * log_w, 0) / (1 - alpha)


@with_one
def underflowing(log_w, alpha):
    return torch.log(torch.mean(torch.exp(log_w) ** (1 - alpha), 0)) / (1 - alpha)


def divides_by_zero(log_w, alpha):
    power = torch.as_tensor(1.0 - alpha)
    return (torch.logsumexp(power * log_w, 0) - log(len(log_w))) / power, with_side(alpha)


def always_below(log_w, alpha):
    return renyi_in_order(log_w, alpha)[0], 0 if alpha == 1 else -1


def from_the_evidence(log_w, alpha):
    return renyi_in_order(log_w, alpha)[0], 0 if alpha in (0, 1) else (1 if alpha < 0 else -1)


def one_is_below(log_w, alpha):
    return renyi_in_order(log_w, alpha)[0], -1 if alpha <= 1 else 1


def zero_is_at(log_w, alpha):
    return renyi_in_order(log_w, alpha)[0], with_side(alpha) if alpha else 0


def turned_round(log_w, alpha):
    return renyi_in_order(log_w, alpha)[0], -with_side(alpha)


def weighted(log_w):
    w = torch.exp(log_w - log_w.max())
    return w / w.sum()


def squares_by_hand(log_w, slope, moved):
    return sum(a**2 * b * c for a, b, c in zip(weighted(log_w), slope, moved, strict=True))


def one_weight(log_w, slope, moved):
    return torch.sum(weighted(log_w) * slope * moved)


def normalised_again(log_w, slope, moved):
    squares = weighted(log_w) ** 2
    return torch.sum(squares / squares.sum() * slope * moved)


def raw_weights(log_w, slope, moved):
    return torch.sum(torch.exp(log_w) ** 2 * slope * moved)


def mean_of_paths(log_w, slope, moved):
    return torch.mean(weighted(log_w) ** 2 * slope * moved)


def ends_in_z(log_w, slope, moved):
    return torch.sum(weighted(log_w) ** 2 * slope)


def score_added(log_w, slope, moved):
    w = weighted(log_w)
    return torch.sum((w + w * (1 - w)) * slope * moved)


def score_alone(log_w, slope, moved):
    w = weighted(log_w)
    return torch.sum((w - w**2) * slope * moved)


def step_by_step(betas, log_joint, log_q):
    total = torch.zeros_like(log_q[0])
    for t in range(1, len(betas)):
        total = total + (betas[t] - betas[t - 1]) * (log_joint[t - 1] - log_q[t - 1])
    return total


def after_the_move(betas, log_joint, log_q):
    return torch.sum((betas[1:] - betas[:-1])[:, None] * (log_joint - log_q)[1:], 0)


def q_forgotten(betas, log_joint, log_q):
    return step_by_step(betas, log_joint, torch.zeros_like(log_q))


def q_added(betas, log_joint, log_q):
    return step_by_step(betas, log_joint, -log_q)


def whole_beta(betas, log_joint, log_q):
    return torch.sum(betas[1:].unsqueeze(1) * (log_joint - log_q)[:-1], 0)


def every_beta(betas, log_joint, log_q):
    return betas @ (log_joint - log_q)


def mean_over_steps(betas, log_joint, log_q):
    return step_by_step(betas, log_joint, log_q) / (len(betas) - 1)


def last_missing(betas, log_joint, log_q):
    return step_by_step(betas[:-1], log_joint[:-1], log_q[:-1])


def trapezoid(betas, log_joint, log_q):
    width, ratio = (betas[1:] - betas[:-1])[:, None], log_joint - log_q
    return torch.sum(width * (ratio[1:] + ratio[:-1]) / 2, 0)


def read_forwards(betas, log_joint, log_q):
    return step_by_step(betas, log_joint.flip(0), log_q.flip(0))


def before_the_move_backwards(betas, log_joint, log_q):
    return torch.sum((betas[1:] - betas[:-1]).flip(0)[:, None] * (log_joint - log_q)[:-1], 0)


def minus(betas, log_joint, log_q):
    return -read_forwards(betas, log_joint, log_q)


def whole_beta_backwards(betas, log_joint, log_q):
    return betas.flip(0)[:-1] @ (log_joint - log_q)[1:]


RIGHT = {
    "08.1": group_by_group,
    "08.2": by_division,
    "08.3": squares_by_hand,
    "08.4": step_by_step,
    "08.5": read_forwards,
    "08.6": renyi_in_order,
}
STUBS = dict(zip(RIGHT, (stub_1, stub_2, stub_3, stub_4, stub_5, stub_6), strict=True))
WRONG = [
    ("08.1", mean_of_logs, "for every K that is the ELBO"),
    ("08.1", all_under_one, "an estimate of L_M"),
    ("08.1", first_group, "from the first K weights alone"),
    ("08.1", no_log_K, "K equal weights w must give log w"),
    ("08.1", log_M, "stand K weights, not M"),
    ("08.1", means_swapped, "in each other's place"),
    ("08.1", combed, "follow each other"),
    ("08.1", exp_first, "0 in every float"),
    ("08.1", averaged, "One bound per data point"),
    ("08.2", largest_power, "the index is 1/a"),
    ("08.2", below_zero, "not below"),
    ("08.2", best_direction, "covers best"),
    ("08.2", matrices_apart, "their directions differ"),
    ("08.2", marginals, "Each latent alone"),
    ("08.2", upside_down, "Upside down"),
    ("08.3", one_weight, "the score has been dropped"),
    ("08.3", score_added, "The signs"),
    ("08.3", score_alone, "the score's part alone"),
    ("08.3", normalised_again, "normalised again"),
    ("08.3", raw_weights, "not normalised"),
    ("08.3", mean_of_paths, "not a mean"),
    ("08.3", ends_in_z, "dz/dφ is missing"),
    ("08.4", after_the_move, "before it moves"),
    ("08.4", q_forgotten, "q's share goes"),
    ("08.4", q_added, "a sign"),
    ("08.4", whole_beta, "has left a difference"),
    ("08.4", every_beta, "at every state"),
    ("08.4", mean_over_steps, "not their mean"),
    ("08.4", last_missing, "up to β = 1"),
    ("08.4", trapezoid, "no longer p(x)"),
    ("08.5", before_the_move_backwards, "your row 0"),
    ("08.5", after_the_move, "begins at β = 1"),
    ("08.5", step_by_step, "the forward weight"),
    ("08.5", minus, "whose mean is 1/p(x)"),
    ("08.5", whole_beta_backwards, "in place of its steps"),
    ("08.6", power_alpha, "The power of w is 1 − α"),
    ("08.6", undivided, "1/(1 − α) is missing"),
    ("08.6", summed, "A sum in place of a mean"),
    ("08.6", log_K_outside, "log K belongs to the mean"),
    ("08.6", always_the_elbo, "every α is the ELBO"),
    ("08.6", underflowing, "0 in every float"),
    ("08.6", divides_by_zero, "At α = 1"),
    ("08.6", always_below, "What if that is negative"),
    ("08.6", from_the_evidence, "seen from the bound"),
    ("08.6", one_is_below, "the mean of a mean"),
    ("08.6", zero_is_at, "drawn down all the same"),
    ("08.6", turned_round, "turned round"),
]
