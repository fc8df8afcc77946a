"""Exercises 09.4 and 09.5: right answers, stubs, and wrong ones as a student would write them."""

from math import log

import torch

from course_utils.lessons import l09_unseen_by_the_objective  # noqa: F401 (makes the exercises)


def stub_3(log_q, log_p, area):
    return ...


def stub_6(log_k):
    return ...


def crowd(log_q):
    return torch.logsumexp(log_q, 0) - log(len(log_q))


def against(log_agg, log_q, log_p, area):
    information = torch.sum(torch.exp(log_q) * (log_q - log_agg)) * area / len(log_q)
    return information, torch.sum(torch.exp(log_agg) * (log_agg - log_p)) * area


def in_two_steps(log_q, log_p, area):
    return against(crowd(log_q), log_q, log_p, area)


def underflows(log_q, log_p, area):
    return against(torch.log(torch.exp(log_q).mean(0)), log_q, log_p, area)


def mean_of_logs(log_q, log_p, area):
    return against(log_q.sum(0) / len(log_q), log_q, log_p, area)


def no_log_N(log_q, log_p, area):
    return against(torch.logsumexp(log_q, 0), log_q, log_p, area)


def no_area(log_q, log_p, area):
    return in_two_steps(log_q, log_p, 1)


def kl_reversed(log_q, log_p, area):
    marginal = torch.sum(torch.exp(log_p) * (log_p - crowd(log_q))) * area
    return in_two_steps(log_q, log_p, area)[0], marginal


def weighs_by_the_crowd(log_q, log_p, area):
    log_agg = crowd(log_q)
    information = torch.sum(torch.exp(log_agg) * (log_q - log_agg)) * area / len(log_q)
    return information, in_two_steps(log_q, log_p, area)[1]


def whole_rate(log_q, log_p, area):
    rate = torch.sum(torch.exp(log_q) * (log_q - log_p)) * area / len(log_q)
    return rate, in_two_steps(log_q, log_p, area)[1]


def summed_over_images(log_q, log_p, area):
    information, marginal = in_two_steps(log_q, log_p, area)
    return len(log_q) * information, marginal


def row_by_row(log_k):
    rows = [torch.cat([row[:n], row[n + 1 :]]) for n, row in enumerate(log_k)]
    return torch.stack([torch.logsumexp(row, 0) - log(len(row)) for row in rows])


def with_itself(log_k):
    return torch.logsumexp(log_k, 1) - log(log_k.size(0))


def with_itself_over_the_others(log_k):
    return torch.logsumexp(log_k, 1) - log(log_k.size(0) - 1)


def over_all(log_k):
    return row_by_row(log_k) + log((len(log_k) - 1) / len(log_k))


def a_sum(log_k):
    return row_by_row(log_k) + log(len(log_k) - 1)


def mean_of_the_logs(log_k):
    return (log_k.sum(1) - torch.diag(log_k)) / (len(log_k) - 1)


def zero_on_the_diagonal(log_k):
    others = log_k * (1 - torch.eye(len(log_k), dtype=log_k.dtype))
    return torch.logsumexp(others, 1) - log(len(log_k) - 1)


def exp_first(log_k):
    k = torch.exp(log_k)
    return torch.log((k - torch.diag(torch.diag(k))).sum(1) / (len(k) - 1))


def averaged(log_k):
    return torch.mean(row_by_row(log_k))


RIGHT = {"09.4": in_two_steps, "09.5": row_by_row}
STUBS = {"09.4": stub_3, "09.5": stub_6}
WRONG = [
    ("09.4", underflows, "stay with logsumexp"),
    ("09.4", mean_of_logs, "A mean of logarithms"),
    ("09.4", no_log_N, "N times too much"),
    ("09.4", no_area, "each stands for an area"),
    ("09.4", kl_reversed, "weigh by q̄"),
    ("09.4", weighs_by_the_crowd, "weigh by that q"),
    ("09.4", whole_rate, "the whole rate"),
    ("09.4", summed_over_images, "not a sum"),
    ("09.5", with_itself, "grows without end"),
    ("09.5", with_itself_over_the_others, "still in the sum"),
    ("09.5", over_all, "Of N terms one is gone"),
    ("09.5", a_sum, "a density needs the mean"),
    ("09.5", mean_of_the_logs, "A mean of logarithms"),
    ("09.5", zero_on_the_diagonal, "its logarithm is −∞"),
    ("09.5", exp_first, "0 in every float"),
    ("09.5", averaged, "One score per image"),
]
