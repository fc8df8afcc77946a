"""Exercises 10.4, 10.5 and 10.6: right answers, stubs, and wrong ones as a student writes them."""

import torch

from course_utils.lessons import l10_code_at_work  # noqa: F401 (makes the exercises)


def stub_5(codes, values, labels):
    return ...


def stub_6(J, path):
    return ...


def stub_4(log_p, noisy, scale):
    return ...


def ends(codes, values, low=5):
    order = torch.argsort(values)
    k = len(values) // low
    return codes[order[len(order) - k :]].mean(0), codes[order[:k]].mean(0)


def by_topk(codes, values, labels):
    total, classes = 0, labels.unique()
    for c in classes:
        z, a = codes[labels == c], values[labels == c]
        k = len(a) // 5
        total = total + z[a.topk(k).indices].mean(0) - z[(-a).topk(k).indices].mean(0)
    return total / len(classes)


def of_classes(codes, values, labels, low=5):
    pairs = [ends(codes[labels == c], values[labels == c], low) for c in labels.unique()]
    return torch.stack([high - low for high, low in pairs])


def naive(codes, values, labels):
    high, low = ends(codes, values)
    return high - low


def summed(codes, values, labels):
    return of_classes(codes, values, labels).sum(0)


def by_size(codes, values, labels):
    sizes = torch.stack([(labels == c).sum() for c in labels.unique()]).double()
    return (sizes[:, None] * of_classes(codes, values, labels)).sum(0) / len(labels)


def low_less_high(codes, values, labels):
    return -of_classes(codes, values, labels).mean(0)


def halves(codes, values, labels):
    parts = []
    for c in labels.unique():
        z, order = codes[labels == c], values[labels == c].argsort()
        middle = len(order) // 2
        parts.append(z[order[middle:]].mean(0) - z[order[:middle]].mean(0))
    return torch.stack(parts).mean(0)


def fifths_of_all(codes, values, labels):
    ranked = values.sort().values
    k = len(values) // 5
    parts = []
    for c in labels.unique():
        high = (labels == c) & (values >= ranked[-k])
        low = (labels == c) & (values <= ranked[k - 1])
        if high.any() and low.any():
            parts.append(codes[high].mean(0) - codes[low].mean(0))
    return torch.stack(parts).mean(0)


def quantiles(codes, values, labels):
    shares = torch.tensor([0.2, 0.8]).double()
    parts = []
    for c in labels.unique():
        z, a = codes[labels == c], values[labels == c]
        low, high = a.quantile(shares)
        parts.append(z[a >= high].mean(0) - z[a <= low].mean(0))
    return sum(parts) / len(parts)


def centred(codes, values, labels):
    means = torch.stack([codes[labels == c].mean(0) for c in labels.unique()])
    high, low = ends(codes - means[labels], values)
    return high - low


def by_moves(J, path):
    return sum(torch.linalg.norm(j @ (b - a)) for j, a, b in zip(J, path, path[1:], strict=False))


def moves(J, path):
    return (J @ (path[1:] - path[:-1])[..., None])[..., 0]


def squared(J, path):
    return (moves(J, path) ** 2).sum()


def root_of_the_sum(J, path):
    return torch.sqrt((moves(J, path) ** 2).sum())


def in_z(J, path):
    return (path[1:] - path[:-1]).norm(dim=1).sum()


def crow(J, path):
    return moves(J, path).sum(0).norm()


def by_area(J, path):
    G = J.transpose(1, 2) @ J
    return (torch.linalg.det(G).sqrt() * path.diff(dim=0).norm(dim=1)).sum()


def by_trace(J, path):
    G = J.transpose(1, 2) @ J
    trace = torch.einsum("thh->t", G)
    return (trace.sqrt() * path.diff(dim=0).norm(dim=1)).sum()


def mean_step(J, path):
    return moves(J, path).norm(dim=1).mean()


def city_blocks(J, path):
    return moves(J, path).abs().sum()


def one_at_a_time(log_p, y, scale):
    rows = []
    for one in y:
        one = one[None].clone().requires_grad_()
        log_p(one).sum().backward()
        rows.append(one.detach() + scale * scale * one.grad)
    return torch.cat(rows)


def slope(log_p, y, of=torch.sum):
    y = y.detach().clone().requires_grad_()
    return torch.autograd.grad(of(log_p(y)), y)[0]


def by_scale(log_p, y, scale):
    return y + scale * slope(log_p, y)


def downhill(log_p, y, scale):
    return y - scale**2 * slope(log_p, y)


def only_the_step(log_p, y, scale):
    return scale**2 * slope(log_p, y)


def no_scale(log_p, y, scale):
    return y + slope(log_p, y)


def of_the_density(log_p, y, scale):
    return y + scale**2 * slope(lambda z: torch.exp(log_p(z)), y)


def mean_first(log_p, y, scale):
    return y + scale**2 * slope(log_p, y, of=torch.mean)


RIGHT = {"10.5": by_topk, "10.6": by_moves, "10.4": one_at_a_time}
STUBS = {"10.5": stub_5, "10.6": stub_6, "10.4": stub_4}
WRONG = [
    ("10.5", naive, "never looks at the labels"),
    ("10.5", summed, "as many times too long"),
    ("10.5", by_size, "every class counts the same"),
    ("10.5", low_less_high, "points the other way"),
    ("10.5", halves, "Halves, not fifths"),
    ("10.5", quantiles, "take n // 5"),
    ("10.5", fifths_of_all, "Rank the images within their class"),
    ("10.5", centred, "chose by the values of all"),
    ("10.6", squared, "take the root of each step's"),
    ("10.6", root_of_the_sum, "step by step"),
    ("10.6", in_z, "the length in z"),
    ("10.6", crow, "as the crow flies"),
    ("10.6", by_area, "what an area grows by"),
    ("10.6", by_trace, "The trace mixes all directions"),
    ("10.6", mean_step, "not their mean"),
    ("10.6", city_blocks, "Pythagoras"),
    ("10.4", by_scale, "scale², not scale"),
    ("10.4", downhill, "go up the density"),
    ("10.4", only_the_step, "It is added to the noisy image"),
    ("10.4", no_scale, "The step has a length"),
    ("10.4", of_the_density, "The slope of log p"),
    ("10.4", mean_first, "N times too small"),
]
