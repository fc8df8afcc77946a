import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import drawn_texts, faults, unreadable
from torch.linalg import qr, svdvals

from course_utils import data, pca
from course_utils.kit.exercise import EXERCISES, examine
from course_utils.lessons import l01_pca_autoencoder as lesson

few = settings(deadline=None, max_examples=25, derandomize=True)

# --- Exercises: the solution, the stub, and wrong answers as a student would write them -----


def stub_1(x, W):
    z = (x - ...) @ ...
    return z @ W.T + ...


def stub_2(eigenvalues, latent_dim):
    return ...


def stub_3(A, B):
    raise NotImplementedError


def stub_4(eigenvalues, kept):
    raise NotImplementedError


def half_filled(x, W):
    z = (x - x.mean(0)) @ W
    return z @ W.T + ...


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


def test_half_filled_blanks_are_open():
    assert examine(EXERCISES["01.1"], half_filled).kind == "open"


# --- The references ---------------------------------------------------------------------------


@st.composite
def tables(draw):
    """x (N, D) away from the origin, and a latent_dim."""
    torch.manual_seed(draw(st.integers(0, 2**32 - 1)))
    data_dim = draw(st.integers(2, 6))
    mix = torch.randn(data_dim, data_dim, dtype=torch.float64)
    x = torch.randn(20, data_dim, dtype=torch.float64) @ mix + 3
    return x, draw(st.integers(1, data_dim))


@given(tables())
@few
def test_reconstruct_is_that_of_pca(table):
    x, latent_dim = table
    model = pca.fit(x, latent_dim)
    torch.testing.assert_close(lesson.reconstruct(x, model.W), model.reconstruct(x))


@given(tables())
@few
def test_left_out_is_the_error_of_pca(table):
    x, latent_dim = table
    model = pca.fit(x, latent_dim)
    error = pca.reconstruction_error(x, model.W)
    torch.testing.assert_close(lesson.left_out(model.eigenvalues, latent_dim), error)


@given(tables())
@few
def test_the_floor_for_every_dim_is_left_out_for_each(table):
    eigenvalues = pca.spectrum(table[0])[1]
    floor = lesson.left_out_for_every_dim(eigenvalues)
    each = [lesson.left_out(eigenvalues, h) for h in range(len(eigenvalues) + 1)]
    torch.testing.assert_close(floor, torch.stack(each))


def loss(A, B, S):
    """Tr[(I - BA) S (I - BA)^T], from the definition."""
    miss = torch.eye(len(S), dtype=S.dtype) - B @ A
    return torch.trace(miss @ S @ miss.T)


@given(st.sets(st.integers(0, 4), min_size=1), st.integers(0, 999))
@few
def test_saddle_height_is_the_loss_where_the_gradient_vanishes(kept, seed):
    torch.manual_seed(seed)
    U = qr(torch.randn(5, 5, dtype=torch.float64)).Q
    S = U * lesson.SPECTRUM @ U.T
    A, B = U[:, list(kept)].T.clone().requires_grad_(), U[:, list(kept)].clone().requires_grad_()
    here = loss(A, B, S)
    here.backward()
    assert A.grad.abs().max() < 1e-12 and B.grad.abs().max() < 1e-12
    torch.testing.assert_close(here.detach(), lesson.saddle_height(lesson.SPECTRUM, list(kept)))


# --- Explorers --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def digits():
    return data.digits()


@pytest.fixture(scope="module")
def autoencoder(digits):
    """Encoder and decoder of the best plane, in oblique coordinates, as training leaves them."""
    W = pca.fit(digits.train, 2).W
    mix = torch.tensor([[0.8, -0.3], [1.2, 0.5]], dtype=torch.float64)
    return mix @ W.T, W @ torch.linalg.inv(mix), digits.train.mean(0)


@pytest.fixture(scope="module")
def explorers(digits, autoencoder):
    return {
        "rotation": lesson.explore_rotation(lesson.cloud()),
        "components": lesson.explore_components(digits.train, digits.test),
        "mixing": lesson.explore_mixing(*autoencoder, digits.test, digits.test_labels),
        "plateaus": lesson.explore_plateaus(),
    }


@pytest.mark.parametrize("name", ["rotation", "components", "mixing", "plateaus"])
def test_every_corner_is_a_frame_that_can_be_read(explorers, name):
    assert not faults(explorers[name])


@given(st.integers(0, 180))
@few
def test_kept_and_lost_are_the_trace_of_the_covariance(explorers, angle):
    x, frame = lesson.cloud(), explorers["rotation"].frame(angle=float(angle))
    kept, lost = frame["kept"][3], frame["lost"][3]
    w = torch.tensor([math.cos(math.radians(angle)), math.sin(math.radians(angle))])
    assert lost == pytest.approx(pca.reconstruction_error(x, w[:, None].double()).item())
    assert kept + lost == pytest.approx(pca.spectrum(x)[1].sum().item())
    assert frame["lost"][1] == kept <= pca.spectrum(x)[1][0]


def test_the_best_line_keeps_the_first_eigenvalue(explorers):
    (x, y), eigenvalues = pca.fit(lesson.cloud(), 1).W[:, 0], pca.spectrum(lesson.cloud())[1]
    best = math.degrees(math.atan2(y, x)) % 180
    assert best == pytest.approx(30, abs=5)
    frame = explorers["rotation"].frame(angle=best)
    assert frame["kept"][3] == pytest.approx(eigenvalues[0].item())
    assert frame["lost"][3] == pytest.approx(eigenvalues[1].item())


@pytest.mark.parametrize("latent_dim", [1, 8, 64])
def test_components_show_the_measured_error(explorers, digits, latent_dim):
    frame = explorers["components"].frame(latent_dim=latent_dim)
    model = pca.fit(digits.train, latent_dim)
    error = pca.reconstruction_error(digits.train, model.W).item()
    held_out = (digits.test - model.reconstruct(digits.test)).square().sum(1).mean().item()
    assert frame["marker"][1] == [pytest.approx(error, abs=1e-9)]
    assert f"per training image is {error:.3f}" in frame["alt"]
    assert f"per test image it is {held_out:.3f}" in frame["alt"]
    rebuilt = model.reconstruct(digits.test[:1]).reshape(8, 8)
    torch.testing.assert_close(torch.as_tensor(frame["images"][10:18, :8]), rebuilt)


def test_mixing_changes_the_code_and_not_the_reconstruction(explorers):
    plain = explorers["mixing"].frame(shear=0.0, stretch=1.0, turn=0.0)
    for values in explorers["mixing"].corners():
        frame = explorers["mixing"].frame(**values)
        assert abs(frame["images"] - plain["images"]).max() < 1e-12
        assert frame["error"] == plain["error"]
        moved = torch.stack(frame["digit_0"]) - torch.stack(plain["digit_0"])
        assert moved.abs().max() > 0.1


def test_mixing_starts_from_the_reconstruction_of_pca(explorers, digits):
    frame = explorers["mixing"].frame(shear=0.0, stretch=1.0, turn=0.0)
    model = pca.fit(digits.train, 2)
    zero = digits.test[digits.test_labels == 0][:1]
    rebuilt = torch.as_tensor(frame["images"][10:18, :8])
    torch.testing.assert_close(rebuilt, model.reconstruct(zero).reshape(8, 8))
    error = (digits.test - model.reconstruct(digits.test)).square().sum(1).mean()
    assert f"{error:.6f}" in frame["error"]


def test_mixed_codes_stay_in_the_panel(explorers):
    explorer = explorers["mixing"]
    for values in explorer.corners():
        frame = explorer.frame(**values)
        for name in ("digit_0", "digit_3", "digit_4"):
            z = torch.stack(frame[name])
            assert (torch.tensor([6, 5]) > z.abs().T).float().mean() > 0.95


# --- Plateaus ---------------------------------------------------------------------------------


def test_the_descent_is_gradient_descent_on_the_loss():
    losses, learnt = lesson._descend(torch.tensor([0.1, 0.3]), 3)
    first = torch.randn(
        2, 3, 5, generator=torch.Generator().manual_seed(2), dtype=torch.float64
    )  # as the lesson draws it
    A, B = (0.3 * first[0]).requires_grad_(), (0.3 * first[1].T).clone().requires_grad_()
    for step in range(4):
        here = loss(A, B, lesson.SPECTRUM.diag())
        torch.testing.assert_close(here.detach(), losses[1, step], rtol=1e-6, atol=0)
        torch.testing.assert_close((B @ A).diagonal().detach(), learnt[1, step], rtol=1e-6, atol=0)
        gradients = torch.autograd.grad(here, (A, B))
        A, B = (w.detach() - 0.01 * g for w, g in zip((A, B), gradients, strict=True))
        A.requires_grad_(), B.requires_grad_()


def test_from_a_tiny_start_the_loss_waits_at_every_saddle(explorers):
    curve = torch.as_tensor(explorers["plateaus"].frame(start=1e-6, step=600)["loss"][1])
    assert (curve.diff() <= 1e-12).all()
    for kept in range(4):
        height = lesson.saddle_height(lesson.SPECTRUM, list(range(kept))) if kept else 15.5
        assert ((curve - height).abs() < 0.05).sum() > 20, height
    assert abs(curve[-1] - lesson.left_out(lesson.SPECTRUM, 3)) < 1e-3


def test_every_start_ends_at_the_minimum_with_three_directions_learnt(explorers):
    for exponent in range(-6, 0):
        frame = explorers["plateaus"].frame(start=10.0**exponent, step=600)
        assert frame["now"][1][0].item() == pytest.approx(1.5, abs=1e-3)
        learnt = [frame[f"learnt_{i}"][3] for i in range(5)]
        assert learnt == pytest.approx([1, 1, 1, 0, 0], abs=0.01)


def test_the_prediction_names_the_heights_of_the_saddles():
    floor = lesson.left_out_for_every_dim(lesson.SPECTRUM)[:4].tolist()
    assert floor == [15.5, 7.5, 3.5, 1.5]
    [right] = [o.why for o in lesson.predict_plateaus().poll.options if o.right]
    assert all(f"{height:g}" in right for height in floor[:3])


# --- Questions and figures --------------------------------------------------------------------


def test_every_question_has_one_right_answer_and_every_option_a_reason():
    predictions = [lesson.predict_rotation(lesson.cloud()), lesson.predict_plateaus()]
    polls = [lesson.recall(k) for k in (1, 2, 3)] + [lesson.poll_axes()]
    for poll in polls + [prediction.poll for prediction in predictions]:
        assert sum(option.right for option in poll.options) == 1
        assert all(option.why for option in poll.options)
    for prediction in predictions:
        assert "<img alt=" in prediction._repr_mimebundle_()["text/html"]


@pytest.mark.parametrize(
    ("make", "figures"),
    [
        (lambda: lesson.plot_saddle(lesson.SPECTRUM), ["is 5.5", "to 3.5", "to 6.5"]),
        (lambda: lesson.plot_saddle(lesson.SPECTRUM / 3), ["is 1.8", "to 1.2", "to 2.2"]),
        (lambda: lesson.plot_training([4.75, 3.6, 3.4201], 3.42), ["4.75", "3.4201", "3.4200"]),
    ],
)
def test_figures_can_be_read_and_describe_themselves_with_numbers(make, figures):
    with drawn_texts() as texts:
        picture = make()
    assert not unreadable(texts)
    assert all(figure in picture.alt for figure in figures)


def test_the_loss_in_the_saddles_figure_is_the_loss():
    kept = torch.eye(5, dtype=torch.float64)
    for towards, height in [([0, 2], 5.5), ([0, 1], 3.5), ([0, 3], 6.5)]:
        W = kept[:, towards]
        assert loss(W.T, W, lesson.SPECTRUM.diag()) == height
