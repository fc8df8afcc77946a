import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import drawn_texts, faults, unreadable

from course_utils import data, em, pca, ppca
from course_utils.lessons import l03_em_elbo as lesson
from course_utils.mixture import Mixture

few = settings(deadline=None, max_examples=25, derandomize=True)

# --- Exercises: the solution, the stub, and wrong answers as a student would write them -----


def stub_1(log_joint, q):
    return (q * (...)).sum(1)


def stub_2(log_joint):
    return ...


def stub_3(x, mean, covariance):
    raise NotImplementedError


def stub_4(x, W, mu, sigma2, mean, covariance):
    raise NotImplementedError


def no_entropy(log_joint, q):
    return (log_joint * q).sum(dim=1)


def entropy_with_the_wrong_sign(log_joint, q):
    return (q * log_joint).sum(1) + (q * torch.log(q)).sum(1)


def unweighted(log_joint, q):
    return torch.sum(log_joint - torch.log(q), dim=1)


def evidence(log_joint, q):
    return log_joint.exp().sum(1).log()


def averaged(log_joint, q):
    return (q * (log_joint - q.log())).sum(1).mean()


def unnormalised(log_joint):
    return torch.exp(log_joint)


def over_points(log_joint):
    joint = log_joint.exp()
    return joint / joint.sum(0)


def logarithms(log_joint):
    return log_joint - log_joint.logsumexp(1, keepdim=True)


def hard(log_joint):
    q = torch.zeros_like(log_joint)
    q[torch.arange(len(q)), log_joint.argmax(1)] = 1.0
    return q


def means_alone(x, mean, covariance):
    return torch.linalg.solve(mean.T @ mean, mean.T @ x).T


def one_covariance_for_all(x, mean, covariance):
    return x.T @ mean @ torch.linalg.inv(mean.T @ mean + covariance)


def transposed(x, mean, covariance):
    return torch.linalg.inv(len(x) * covariance + mean.T @ mean) @ mean.T @ x


def first_factor(x, mean, covariance):
    return (mean.T @ x).T


def formula(x, W, mu, sigma2, mean, G, *, spread=1.0, kl=1.0, constant=1.0):
    """The ELBO from torch's own distributions, with parts that can be left out."""
    noise = torch.distributions.Normal(mean @ W.T + mu, sigma2**0.5)
    fit = noise.log_prob(x).sum(1) - spread * (W @ G @ W.T).trace() / (2 * sigma2)
    q = torch.distributions.MultivariateNormal(mean, G)
    prior = torch.distributions.MultivariateNormal(torch.zeros_like(mean), torch.eye(len(G)).to(G))
    scale = torch.log(torch.tensor(2 * torch.pi * sigma2, dtype=x.dtype))
    divergence = torch.distributions.kl_divergence(q, prior)
    return fit - kl * divergence + (1 - constant) * len(W) / 2 * scale


def mean_decoded(x, W, mu, sigma2, mean, covariance):
    return formula(x, W, mu, sigma2, mean, covariance, spread=0.0)


def kl_added(x, W, mu, sigma2, mean, covariance):
    return formula(x, W, mu, sigma2, mean, covariance, kl=-1.0)


def no_kl(x, W, mu, sigma2, mean, covariance):
    return formula(x, W, mu, sigma2, mean, covariance, kl=0.0)


def no_constant(x, W, mu, sigma2, mean, covariance):
    return formula(x, W, mu, sigma2, mean, covariance, constant=0.0)


def deviation_for_variance(x, W, mu, sigma2, mean, covariance):
    return formula(x, W, mu, sigma2**0.5, mean, covariance)


RIGHT = {
    "03.1": lambda log_joint, q: torch.einsum("nk,nk->n", q, log_joint - q.log()),
    "03.2": lambda log_joint: (log_joint - log_joint.logsumexp(1, keepdim=True)).exp(),
    "03.3": lambda x, mean, G: torch.linalg.solve(len(x) * G + mean.T @ mean, mean.T @ x).T,
    "03.4": formula,
}
STUBS = {"03.1": stub_1, "03.2": stub_2, "03.3": stub_3, "03.4": stub_4}
WRONG = [
    ("03.1", no_entropy, "entropy of q is missing"),
    ("03.1", entropy_with_the_wrong_sign, "sign of log q"),
    ("03.1", unweighted, "weighs every term"),
    ("03.1", evidence, "That is the log evidence"),
    ("03.1", averaged, "one ELBO per data point"),
    ("03.2", unnormalised, "joint probabilities"),
    ("03.2", over_points, "over data points"),
    ("03.2", logarithms, "the logarithms"),
    ("03.2", hard, "the likeliest component"),
    ("03.3", means_alone, "on the means alone"),
    ("03.3", one_covariance_for_all, "its own G"),
    ("03.3", transposed, "That is Wᵀ"),
    ("03.3", first_factor, "Only the first factor"),
    ("03.4", mean_decoded, "decoded the mean only"),
    ("03.4", kl_added, "The KL is subtracted"),
    ("03.4", no_kl, "The KL is missing"),
    ("03.4", no_constant, "constant"),
    ("03.4", deviation_for_variance, "root of"),
]


# --- The references ---------------------------------------------------------------------------


@given(st.integers(0, 9999))
@few
def test_the_ppca_references_are_those_of_em(seed):
    torch.manual_seed(seed)
    model = ppca.PPCA(torch.randn(4, 2).double(), torch.randn(4).double(), 0.7)
    x, q = model.sample(30), None
    q = em.e_step(model, x)
    G = q.covariance_matrix[0]
    ours = lesson.ppca_elbo(x, model.W, model.mu, model.sigma2, q.mean + 0.2, 1.5 * G)
    wide = torch.distributions.MultivariateNormal(q.mean + 0.2, 1.5 * G)
    torch.testing.assert_close(ours, em.elbo(model, wide, x))
    centred = x - x.mean(0)
    start = ppca.PPCA(model.W, torch.zeros(4).double(), model.sigma2)
    q = em.e_step(start, centred)
    W = lesson.m_step_W(centred, q.mean, q.covariance_matrix[0])
    torch.testing.assert_close(W, em.m_step(centred, q).W)


@given(st.integers(0, 9999))
@few
def test_the_mixture_references_are_those_of_em(seed):
    torch.manual_seed(seed)
    model = Mixture(torch.ones(3).double() / 3, torch.randn(3, 2).double(), torch.rand(3).double())
    x = torch.randn(20, 2).double()
    q = em.e_step(model, x)
    torch.testing.assert_close(lesson.mixture_e_step(model.log_joint(x)), q.probs)
    bound = lesson.mixture_elbo(model.log_joint(x), q.probs)
    torch.testing.assert_close(bound, em.elbo(model, q, x))


# --- Explorers --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make", [lesson.explore_bound, lesson.explore_steps, lesson.explore_contraction]
)
def test_every_corner_is_a_frame_that_can_be_read(make):
    assert not faults(make())


@given(st.floats(-4, 9))
@few
def test_the_bound_touches_stays_below_and_leads_uphill(old):
    theta = torch.linspace(-6, 11, 300).double()
    gap = lesson.one_parameter_log_evidence(theta) - lesson.touching_bound(theta, old)
    assert gap.min() > -1e-10
    here = torch.tensor([old]).double()
    torch.testing.assert_close(
        lesson.touching_bound(here, old), lesson.one_parameter_log_evidence(here)
    )
    before, after = lesson.one_parameter_log_evidence(torch.tensor(lesson.em_path(old, 1)).double())
    assert after >= before - 1e-12


def test_the_next_theta_is_the_top_of_the_bound():
    theta = torch.linspace(-4, 9, 100_001).double()
    for old in (-3.0, 0.5, 8.0):
        top = theta[lesson.touching_bound(theta, old).argmax()].item()
        assert lesson.em_path(old, 1)[1] == pytest.approx(top, abs=2e-4)


@given(st.text("EM", max_size=8))
@few
def test_e_moves_only_the_bound_and_m_never_lowers_it(moves):
    explorer, x = lesson.explore_steps(), lesson.stepper_data()
    frame = explorer.frame(moves=moves)
    evidence, bound = frame["evidence"][1], frame["bound"][1]
    for n, move in enumerate(moves):
        assert bound[n + 1] >= bound[n] - 1e-10
        if move == "E":
            assert evidence[n + 1] == evidence[n]
            assert bound[n + 1] == pytest.approx(evidence[n + 1], abs=1e-10)
        elif n and moves[n - 1] == "M":
            assert bound[n + 1] == pytest.approx(bound[n], abs=1e-10)
    best = ppca.fit(x, 1).log_evidence(x).mean().item()
    assert max(evidence) <= best + 1e-10


@given(st.floats(0.35, 0.95), st.floats(1e-3, 10), st.floats(10, 85))
@few
def test_the_explorers_measured_tangents_are_the_predicted_ones(ratio, sigma2, angle):
    frame = lesson.explore_contraction().frame(ratio=ratio, sigma2=sigma2, angle=angle)
    measured, predicted = frame["measured"][1], torch.as_tensor(frame["predicted"][1])
    torch.testing.assert_close(measured, predicted.to(measured), rtol=1e-6, atol=1e-9)


def test_its_steps_are_those_of_em_fit():
    x = lesson.stepper_data()
    x = x - x.mean(0)
    S, w = x.T @ x / len(x), torch.tensor([[0.4], [-1.0]], dtype=torch.float64)
    path = lesson._turn(S, w, 0.3, 5)
    start = ppca.PPCA(w, torch.zeros(2).double(), 0.3)
    fitted, _ = em.fit(x, 1, 5, start)
    torch.testing.assert_close(path[-1], fitted.W[:, 0])


# --- Questions and figures --------------------------------------------------------------------


def test_every_question_has_one_right_answer_and_every_option_a_reason():
    polls = [lesson.recall(k) for k in (1, 2, 3)] + [lesson.poll_two_algorithms()]
    for poll in [*polls, lesson.predict_steps().poll]:
        assert sum(option.right for option in poll.options) == 1
        assert all(option.why for option in poll.options)


def test_figures_can_be_read_and_describe_themselves_with_numbers():
    x = torch.randn(50, 2).double()
    first = Mixture(torch.ones(2).double() / 2, 3 * torch.eye(2).double(), torch.ones(2).double())
    last = em.m_step(x, em.e_step(first, x))
    with drawn_texts() as texts:
        climb = lesson.plot_convergence([-12.0, 1.0, 3.0, 3.5], 3.6)
    assert not unreadable(texts)
    with drawn_texts() as texts:
        mixture = lesson.plot_mixture(x, first, last, [-4.25, -3.5])
    assert not unreadable(texts)
    assert "15.6 nats below" in climb.alt and "from -4.25 to -3.50" in mixture.alt


# --- What the text says of EM's pace ----------------------------------------------------------


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
