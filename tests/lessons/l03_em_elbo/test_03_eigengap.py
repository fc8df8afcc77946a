import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import faults

from course_utils import data, em, pca, ppca
from course_utils.lessons.l03_em_elbo.e_and_m import stepper_data
from course_utils.lessons.l03_em_elbo.eigengap import (
    _turn,
    explore_contraction,
    steps_needed,
)

few = settings(deadline=None, max_examples=25, derandomize=True)


@pytest.fixture(scope="module")
def explorer():
    return explore_contraction()


def test_every_corner_is_a_frame_that_can_be_read(explorer):
    assert not faults(explorer)


@given(ratio=st.floats(0.35, 0.95), sigma2=st.floats(1e-3, 10), angle=st.floats(10, 85))
@few
def test_the_explorers_measured_tangents_are_the_predicted_ones(explorer, ratio, sigma2, angle):
    frame = explorer.frame(ratio=ratio, sigma2=sigma2, angle=angle)
    measured, predicted = frame["measured"][1], torch.as_tensor(frame["predicted"][1])
    torch.testing.assert_close(measured, predicted.to(measured), rtol=1e-6, atol=1e-9)


def test_its_steps_are_those_of_em_fit():
    x = stepper_data()
    x = x - x.mean(0)
    S, w = x.T @ x / len(x), torch.tensor([[0.4], [-1.0]], dtype=torch.float64)
    path = _turn(S, w, 0.3, 5)
    start = ppca.PPCA(w, torch.zeros(2).double(), 0.3)
    fitted, _ = em.fit(x, 1, 5, start)
    torch.testing.assert_close(path[-1], fitted.W[:, 0])


# What the text says of EM's pace


def joint_factor(eigenvalues, latent_dim):
    """By what the likelihood's error shrinks a step, lengths and noise together, plane aside."""
    D, kept = len(eigenvalues), eigenvalues[:latent_dim]
    noise = eigenvalues[latent_dim:].mean()

    def em_step(state):
        a, sigma2 = state[:-1], state[-1]
        moment = sigma2 + a**2
        new_a = kept * a / (sigma2 + kept * a**2 / moment)
        return torch.cat([new_a, (eigenvalues.sum() - (kept * a * new_a / moment).sum())[None] / D])

    fixed = torch.cat([(kept - noise).sqrt(), noise[None]])
    torch.testing.assert_close(em_step(fixed), fixed)
    jacobian = torch.autograd.functional.jacobian(em_step, fixed)
    return torch.linalg.eigvals(jacobian).real.max().item() ** 2


def held_factor(eigenvalues, latent_dim):
    """The same with the noise held."""
    rho = eigenvalues[latent_dim:].mean() / eigenvalues[:latent_dim]
    return (1 - 2 * rho * (1 - rho)).max().item() ** 2


@pytest.mark.parametrize(
    ("spectrum", "joint", "held"),
    [([2, 1], 0.483, 0.25), ([4, 2, 1, 0.5], 0.372, 0.344), ([2, 1.8, 1.5, 1], 0.471, 0.353)],
)
def test_lengths_and_noise_wait_for_each_other_in_few_dimensions(spectrum, joint, held):
    spectrum = torch.tensor(spectrum, dtype=torch.float64)
    assert joint_factor(spectrum, 1) == pytest.approx(joint, abs=6e-4)
    assert held_factor(spectrum, 1) == pytest.approx(held, abs=6e-4)


def test_with_many_dimensions_the_noise_is_as_good_as_held():
    eigenvalues = pca.fit(data.digits().train, 64).eigenvalues
    assert joint_factor(eigenvalues, 5) == pytest.approx(held_factor(eigenvalues, 5), abs=1e-4)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("spectrum", [[2.0, 1.0], [4.0, 2.0, 1.0, 0.5]])
def test_em_shrinks_the_error_by_the_joint_factor(seed, spectrum):
    torch.manual_seed(seed)
    spectrum = torch.tensor(spectrum, dtype=torch.float64)
    half = (len(spectrum) * spectrum).sqrt().diag()
    x = torch.cat([half, -half])  # its sample covariance is diag(spectrum)
    climb = torch.tensor(em.fit(x, 1, num_steps=20)[1].log_evidence, dtype=torch.float64)
    below = ppca.fit(x, 1).log_evidence(x).mean() - climb
    assert ((below[18] / below[14]) ** 0.25).item() == pytest.approx(
        joint_factor(spectrum, 1), abs=0.005
    )


def test_the_forecast_of_the_digits_comes_true():
    x = data.digits().train
    torch.manual_seed(3)
    climb = torch.tensor(em.fit(x, 5, num_steps=120)[1].log_evidence, dtype=torch.float64)
    short = ppca.fit(x, 5).log_evidence(x).mean() - climb
    took = (short < 1e-6).nonzero()[0].item()
    start = took - 40
    forecast = start + steps_needed(pca.fit(x, 64).eigenvalues, 5, short[start].item(), 1e-6)
    assert forecast.item() == pytest.approx(took, abs=4)
