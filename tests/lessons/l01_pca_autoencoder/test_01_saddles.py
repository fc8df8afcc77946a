import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pictures import drawn_texts, faults, unreadable
from shared_01 import few, well_posed
from torch.linalg import qr

from course_utils.lessons.l01_pca_autoencoder.saddles import (
    SPECTRUM,
    _descend,
    explore_plateaus,
    height_and_bend,
    plot_saddle,
    predict_plateaus,
)
from course_utils.lessons.l01_pca_autoencoder.variance import left_out_for_every_dim


@pytest.fixture(scope="module")
def explorer():
    return explore_plateaus()


def test_every_corner_is_a_frame_that_can_be_read(explorer):
    assert not faults(explorer)


def loss(A, B, S):
    """Tr[(I - BA) S (I - BA)^T], from the definition."""
    miss = torch.eye(len(S), dtype=S.dtype) - B @ A
    return torch.trace(miss @ S @ miss.T)


@given(st.sets(st.integers(0, 4), min_size=1, max_size=4), st.integers(0, 999))
@few
def test_saddle_height_is_the_loss_where_the_gradient_vanishes(kept, seed):
    torch.manual_seed(seed)
    U = qr(torch.randn(5, 5, dtype=torch.float64)).Q
    S = U * SPECTRUM @ U.T
    A, B = U[:, list(kept)].T.clone().requires_grad_(), U[:, list(kept)].clone().requires_grad_()
    here = loss(A, B, S)
    here.backward()
    assert A.grad.abs().max() < 1e-12 and B.grad.abs().max() < 1e-12
    torch.testing.assert_close(here.detach(), height_and_bend(SPECTRUM, list(kept))[0])


@pytest.mark.parametrize("kept", [[0, 2], [1, 4], [0, 1], [3]])
def test_the_bend_is_the_smallest_second_derivative_of_all_turns(kept):
    bends = []
    for out in kept:
        for into in set(range(5)) - set(kept):

            def turned(t, out=out, into=into):
                W = torch.eye(5, dtype=torch.float64)[:, kept]
                w = t.cos() * W[:, kept.index(out)] + t.sin() * torch.eye(5).double()[:, into]
                W = torch.cat([W[:, [k != out for k in kept]], w[:, None]], 1)
                return loss(W.T, W, SPECTRUM.diag())

            zero = torch.zeros((), dtype=torch.float64)
            bends.append(torch.func.grad(torch.func.grad(turned))(zero).item())
    assert height_and_bend(SPECTRUM, kept)[1] == pytest.approx(min(bends))


def test_the_descent_is_gradient_descent_on_the_loss():
    losses, learnt = _descend(torch.tensor([0.1, 0.3]), 3)
    first = torch.randn(
        2, 3, 5, generator=torch.Generator().manual_seed(2), dtype=torch.float64
    )  # as the lesson draws it
    A, B = (0.3 * first[0]).requires_grad_(), (0.3 * first[1].T).clone().requires_grad_()
    for step in range(4):
        here = loss(A, B, SPECTRUM.diag())
        torch.testing.assert_close(here.detach(), losses[1, step], rtol=1e-6, atol=0)
        torch.testing.assert_close((B @ A).diagonal().detach(), learnt[1, step], rtol=1e-6, atol=0)
        gradients = torch.autograd.grad(here, (A, B))
        A, B = (w.detach() - 0.01 * g for w, g in zip((A, B), gradients, strict=True))
        A.requires_grad_(), B.requires_grad_()


def test_from_a_tiny_start_the_loss_waits_at_every_saddle(explorer):
    curve = torch.as_tensor(explorer.frame(start=1e-6, step=600)["loss"][1])
    assert (curve.diff() <= 1e-12).all()
    for kept in range(4):
        height = SPECTRUM[kept:].sum()
        assert ((curve - height).abs() < 0.05).sum() > 20, height
    assert abs(curve[-1] - SPECTRUM[3:].sum()) < 1e-3


def test_every_start_ends_at_the_minimum_with_three_directions_learnt(explorer):
    for exponent in range(-6, 0):
        frame = explorer.frame(start=10.0**exponent, step=600)
        assert frame["now"][1][0].item() == pytest.approx(1.5, abs=1e-3)
        learnt = [frame[f"learnt_{i}"][3] for i in range(5)]
        assert learnt == pytest.approx([1, 1, 1, 0, 0], abs=0.01)


def test_the_prediction_names_the_heights_of_the_saddles():
    floor = left_out_for_every_dim(SPECTRUM)[:4].tolist()
    assert floor == [15.5, 7.5, 3.5, 1.5]
    [right] = [o.why for o in predict_plateaus().poll.options if o.right]
    assert all(f"{height:g}" in right for height in floor[:3])


def test_the_prediction_has_one_right_answer_and_shows_its_explorer():
    prediction = predict_plateaus()
    assert well_posed(prediction.poll)
    assert "<img alt=" in prediction.demo.still()


@pytest.mark.parametrize(
    ("eigenvalues", "figures"),
    [(SPECTRUM, ["is 5.5", "to 3.5", "to 6.5"]), (SPECTRUM / 3, ["is 1.8", "to 1.2", "to 2.2"])],
)
def test_the_figure_can_be_read_and_describes_itself_with_numbers(eigenvalues, figures):
    with drawn_texts() as texts:
        picture = plot_saddle(eigenvalues)
    assert not unreadable(texts)
    assert all(figure in picture.alt for figure in figures)


def test_the_loss_in_the_saddles_figure_is_the_loss():
    kept = torch.eye(5, dtype=torch.float64)
    for towards, height in [([0, 2], 5.5), ([0, 1], 3.5), ([0, 3], 6.5)]:
        W = kept[:, towards]
        assert loss(W.T, W, SPECTRUM.diag()) == height
