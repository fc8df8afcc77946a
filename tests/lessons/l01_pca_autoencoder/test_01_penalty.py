import torch
from pictures import drawn_texts, unreadable
from shared_01 import digits

from course_utils import pca
from course_utils.lessons.l01_pca_autoencoder.penalty import penalised_floor, plot_axes


def test_no_descent_ends_below_the_floor_and_it_is_reached():
    torch.manual_seed(0)
    spectrum, kappa = torch.tensor([4.0, 2.5, 1.5, 0.25], dtype=torch.float64), 2.0
    A, B = (torch.randn(3, 4, dtype=torch.float64, requires_grad=True) for _ in range(2))
    optimiser = torch.optim.Adam([A, B], lr=0.02)
    for _ in range(1500):
        miss = torch.eye(4) - B.T @ A
        loss = torch.trace(miss @ spectrum.diag() @ miss.T)
        loss = loss + kappa * (A.square().sum() + B.square().sum())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert -1e-9 < loss.item() - penalised_floor(spectrum, 3, kappa).item() < 1e-3


def test_the_figure_can_be_read_and_gives_the_cosines():
    U = pca.fit(digits().train, 2).W
    turn = torch.tensor([[0.8, -0.6], [0.6, 0.8]], dtype=torch.float64)
    with drawn_texts() as texts:
        picture = plot_axes(U, U @ turn, -U)
    assert not unreadable(texts)
    assert "penalty 0.800, 0.800" in picture.alt and "penalty 1.000, 1.000" in picture.alt
