import torch
from pictures import drawn_texts, unreadable
from torch.distributions import MultivariateNormal, Normal

from course_utils.lessons.l03_em_elbo.missing import (
    gaussian_em_step,
    holes,
    many_tables,
    plot_missing,
)


def log_evidence(x, seen, mu, C):
    """What is seen of x under N(mu, C), in nats."""
    first = Normal(mu[0], C[0, 0].sqrt()).log_prob(x[~seen, 0]).sum()
    return (first + MultivariateNormal(mu, C).log_prob(x[seen]).sum()).item()


def test_em_climbs_to_a_place_where_the_evidence_is_flat():
    x, seen = holes()
    mu, C = torch.zeros(2).double(), torch.eye(2).double()
    heights = []
    for _ in range(200):
        heights.append(log_evidence(x, seen, mu, C))
        mu, C = gaussian_em_step(x, seen, mu, C)
    assert (torch.tensor(heights, dtype=torch.float64).diff() > -1e-9).all()
    for _ in range(5):
        root = torch.linalg.cholesky(C) + 0.02 * torch.randn(2, 2).double().tril()
        assert log_evidence(x, seen, mu + 0.02 * torch.randn(2), root @ root.T) < heights[-1]


def test_what_is_hidden_does_not_matter():
    x, seen = holes()
    other = torch.where(seen[:, None] | torch.tensor([True, False]), x, torch.nan)
    start = torch.zeros(2).double(), torch.eye(2).double()
    one, two = gaussian_em_step(x, seen, *start), gaussian_em_step(other, seen, *start)
    torch.testing.assert_close(one, two)


def test_the_figure_can_be_read_and_describes_itself_with_numbers():
    x, seen = holes()
    names = "rows without holes", "filled with means", "EM"
    misses = {name: torch.tensor([0.1 * i, 0.2 * i]) for i, name in enumerate(names)}
    with drawn_texts() as texts:
        picture = plot_missing(x, seen, x, misses)
    assert not unreadable(texts)
    assert "0.30 ± 0.14 (EM)" in picture.alt


def test_only_em_is_right_on_average():
    misses = many_tables(gaussian_em_step, num_tables=60)
    for name, miss in misses.items():
        sure = miss.mean().abs() > 5 * miss.std() / 60**0.5
        assert sure == (name != "EM"), name
