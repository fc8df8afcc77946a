"""Exercises 13.5 and 13.6: right answers, stubs, and wrong ones as a student writes them."""

import torch

from course_utils.lessons import l13_latent_sde  # noqa: F401 (makes the exercises)


def stub_5(ahead, moves, nodes, drift, sigma, dt):
    return ...


def stub_6(start, moves, u, log_lik, dt):
    return ...


def mean_of(ahead, moves, nodes):
    weight = moves * ahead
    return (weight * nodes).sum(1) / weight.sum(1)


def row_by_row(ahead, moves, nodes, drift, sigma, dt):
    means = []
    for row in moves:
        weight = row * ahead / (row * ahead).sum()
        means.append((weight * nodes).sum())
    return (torch.stack(means) - (nodes + drift * dt)) / sigma / dt


def not_divided(ahead, moves, nodes, drift, sigma, dt):
    return ((moves * ahead * nodes).sum(1) - nodes - drift * dt) / (sigma * dt)


def no_sigma(ahead, moves, nodes, drift, sigma, dt):
    return (mean_of(ahead, moves, nodes) - nodes) / dt - drift


def no_dt(ahead, moves, nodes, drift, sigma, dt):
    return (mean_of(ahead, moves, nodes) - nodes - drift * dt) / sigma


def drift_kept(ahead, moves, nodes, drift, sigma, dt):
    return (mean_of(ahead, moves, nodes) - nodes) / (sigma * dt)


def columns(ahead, moves, nodes, drift, sigma, dt):
    return (mean_of(ahead, moves.T, nodes) - nodes - drift * dt) / (sigma * dt)


def no_future(ahead, moves, nodes, drift, sigma, dt):
    return ((moves @ nodes) / moves.sum(1) - nodes - drift * dt) / (sigma * dt)


def no_step(ahead, moves, nodes, drift, sigma, dt):
    return ((ahead / ahead.sum()) @ nodes - nodes - drift * dt) / (sigma * dt)


def slope_before(ahead, moves, nodes, drift, sigma, dt):
    spacing = (nodes[1] - nodes[0]).item()
    return sigma * torch.gradient(torch.log(moves @ ahead), spacing=spacing)[0]


def slope_at_end(ahead, moves, nodes, drift, sigma, dt):
    return sigma * torch.gradient(torch.log(ahead), spacing=(nodes,))[0]


def masses(start, moves):
    """At the beginnings and at the ends of the steps."""
    at = [start]
    for move in moves:
        at.append(move.T @ at[-1])
    return torch.stack(at[:-1]), torch.stack(at[1:])


def summed(start, moves, u, log_lik, dt):
    before, after = masses(start, moves)
    return ((after * log_lik).sum() - (before * u**2).sum() * dt / 2).item()


def no_half(start, moves, u, log_lik, dt):
    before, after = masses(start, moves)
    return (after * log_lik).sum() - (before * u**2).sum() * dt


def no_time(start, moves, u, log_lik, dt):
    before, after = masses(start, moves)
    return (after * log_lik).sum() - (before * u**2).sum() / 2


def paid_late(start, moves, u, log_lik, dt):
    _, after = masses(start, moves)
    return (after * log_lik).sum() - (after * u**2).sum() * dt / 2


def seen_early(start, moves, u, log_lik, dt):
    before, _ = masses(start, moves)
    return (before * log_lik).sum() - (before * u**2).sum() * dt / 2


def transposed(start, moves, u, log_lik, dt):
    before, after = masses(start, moves.mT)
    return (after * log_lik).sum() - (before * u**2).sum() * dt / 2


def not_carried(start, moves, u, log_lik, dt):
    return sum(
        (start @ move) @ score - start @ push**2 * dt / 2
        for move, push, score in zip(moves, u, log_lik, strict=True)
    )


def averaged(start, moves, u, log_lik, dt):
    before, after = masses(start, moves)
    return ((after * log_lik).sum(1) - (before * u**2).sum(1) * dt / 2).mean()


def log_of_mean(start, moves, u, log_lik, dt):
    before, after = masses(start, moves)
    fit = (after * torch.exp(log_lik)).sum(1).log().sum()
    return fit - (before * u**2).sum() * dt / 2


def square_of_mean(start, moves, u, log_lik, dt):
    before, after = masses(start, moves)
    return (after * log_lik).sum() - (before * u).sum(1).square().sum() * dt / 2


RIGHT = {"13.5": row_by_row, "13.6": summed}
STUBS = {"13.5": stub_5, "13.6": stub_6}
WRONG = [
    ("13.5", not_divided, "not of h"),
    ("13.5", no_sigma, "divide by σ"),
    ("13.5", no_dt, "divide by dt"),
    ("13.5", drift_kept, "take f dt off"),
    ("13.5", columns, "as a filter does"),
    ("13.5", no_future, "That is the model's step"),
    ("13.5", no_step, "row by row"),
    ("13.5", slope_before, "as dt → 0. At finite dt"),
    ("13.5", slope_at_end, "of h at the step's end"),
    ("13.6", no_half, "half its square"),
    ("13.6", no_time, "times dt"),
    ("13.6", paid_late, "where it begins"),
    ("13.6", seen_early, "the end of the step"),
    ("13.6", transposed, "Rows are where"),
    ("13.6", not_carried, "carried on"),
    ("13.6", averaged, "not their mean"),
    ("13.6", log_of_mean, "logarithm of the mean"),
    ("13.6", square_of_mean, "The mean of u²"),
]
