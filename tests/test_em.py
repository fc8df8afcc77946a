import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from memory import largest_tensor
from sklearn.mixture import GaussianMixture
from torch.distributions import Categorical, MultivariateNormal

from course_utils import em, pca, ppca
from course_utils.mixture import Mixture
from course_utils.ppca import PPCA

few = settings(deadline=None, max_examples=25, derandomize=True)
seeds = st.integers(0, 10_000)


def cloud(seed: int, num_points: int = 60, data_dim: int = 4) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    mix = torch.randn(data_dim, data_dim, generator=generator, dtype=torch.float64)
    return torch.randn(num_points, data_dim, generator=generator, dtype=torch.float64) @ mix + 2


def random_ppca(seed: int, data_dim: int = 4, latent_dim: int = 2) -> PPCA:
    generator = torch.Generator().manual_seed(seed)
    W = torch.randn(data_dim, latent_dim, generator=generator, dtype=torch.float64)
    mu = torch.randn(data_dim, generator=generator, dtype=torch.float64)
    return PPCA(W, mu, 0.1 + torch.rand(1, generator=generator).item())


def random_q(seed: int, num_points: int = 60, latent_dim: int = 2) -> MultivariateNormal:
    """A Gaussian q with a covariance of its own for every point."""
    generator = torch.Generator().manual_seed(seed)
    mean = torch.randn(num_points, latent_dim, generator=generator, dtype=torch.float64)
    root = torch.randn(num_points, latent_dim, latent_dim, generator=generator, dtype=torch.float64)
    return MultivariateNormal(mean, root @ root.mT + 0.1 * torch.eye(latent_dim).double())


def random_mixture(seed: int, data_dim: int = 4) -> Mixture:
    generator = torch.Generator().manual_seed(seed)
    weights = torch.rand(3, generator=generator, dtype=torch.float64) + 0.1
    means = 3 * torch.randn(3, data_dim, generator=generator, dtype=torch.float64)
    sigma2 = torch.rand(3, generator=generator, dtype=torch.float64) + 0.2
    return Mixture(weights / weights.sum(), means, sigma2)


@pytest.mark.parametrize("make", [random_ppca, random_mixture])
def test_after_the_e_step_the_bound_touches(make):
    x = cloud(0)
    for seed in range(20):
        model = make(seed)
        bound = em.elbo(model, em.e_step(model, x), x)
        torch.testing.assert_close(bound, model.log_evidence(x), rtol=0, atol=1e-8)


@few
@given(seeds)
def test_the_elbo_of_any_q_is_the_evidence_minus_its_kl_to_the_posterior(seed):
    x, model, q = cloud(seed), random_ppca(seed + 1), random_q(seed + 2)
    kl = torch.distributions.kl_divergence(q, model.posterior(x))
    torch.testing.assert_close(em.elbo(model, q, x) + kl, model.log_evidence(x))
    assert (kl >= 0).all()


@few
@given(seeds)
def test_the_mixture_bound_of_any_q_lies_below_the_evidence_by_its_kl(seed):
    x, model = cloud(seed), random_mixture(seed)
    q = Categorical(logits=torch.randn(60, 3, dtype=torch.float64))
    kl = torch.distributions.kl_divergence(q, model.posterior(x))
    torch.testing.assert_close(em.elbo(model, q, x) + kl, model.log_evidence(x))


@few
@given(seeds)
def test_the_ppca_m_step_cannot_be_improved(seed):
    x, q = cloud(seed), random_q(seed + 1)
    best = em.m_step(x, q)
    W = best.W.clone().requires_grad_()
    mu = best.mu.clone().requires_grad_()
    sigma2 = torch.tensor(best.sigma2, dtype=torch.float64, requires_grad=True)
    em.elbo(PPCA(W, mu, sigma2), q, x).sum().backward()
    for parameter in (W, mu, sigma2):
        assert parameter.grad.abs().max() < 1e-7
    nudged = PPCA(best.W + 0.05 * torch.randn_like(best.W), best.mu, best.sigma2 * 1.02)
    assert em.elbo(nudged, q, x).sum() < em.elbo(best, q, x).sum()


@few
@given(seeds)
def test_the_mixture_m_step_cannot_be_improved(seed):
    x = cloud(seed)
    q = Categorical(logits=torch.randn(60, 3, dtype=torch.float64))
    best = em.m_step(x, q)
    means, sigma2 = best.means.clone().requires_grad_(), best.sigma2.clone().requires_grad_()
    em.elbo(Mixture(best.weights, means, sigma2), q, x).sum().backward()
    assert means.grad.abs().max() < 1e-7 and sigma2.grad.abs().max() < 1e-7
    torch.testing.assert_close(best.weights, q.probs.mean(0))


def test_no_step_lowers_the_bound_on_a_thousand_random_problems():
    for seed in range(1000):
        x, model = cloud(seed, 25, 3), random_ppca(seed, 3, 1 + seed % 2)
        bounds = []
        for _ in range(2):
            q = em.e_step(model, x)
            bounds.append(em.elbo(model, q, x).mean())
            model = em.m_step(x, q)
            bounds.append(em.elbo(model, q, x).mean())
        assert torch.stack(bounds).diff().min() >= -1e-10


def test_fit_never_lowers_the_evidence():
    for seed in range(200):
        _, history = em.fit(cloud(seed, 30, 5), latent_dim=1 + seed % 4, num_steps=20)
        assert torch.tensor(history.log_evidence).double().diff().min() >= -1e-10


@few
@given(
    seeds,
    st.integers(2, 15),
    st.integers(2, 40),
    st.sampled_from([torch.float32, torch.float64]),
    st.floats(-3, 3),
)
def test_fit_never_lowers_the_evidence_of_rank_deficient_data(seed, num_points, D, dtype, size):
    torch.manual_seed(seed)
    x = 10**size * torch.randn(num_points, D, dtype=dtype)
    model, history = em.fit(x, latent_dim=1 + seed % D, num_steps=100)
    evidence = torch.tensor(history.log_evidence, dtype=torch.float64)
    assert (evidence.diff() >= -1e-12 * evidence[1:].abs()).all()
    if dtype == torch.float64:
        assert evidence[-1].item() == pytest.approx(model.log_evidence(x).mean().item(), rel=1e-9)


def test_fit_and_the_m_step_do_not_see_an_offset_of_a_million_in_float32():
    near = (8 * torch.randn(512, 4)).round()
    start, x = PPCA(torch.randn(4, 2), torch.zeros(4), 1.0), near + 2**20
    (far, one), (close, other) = (em.fit(data, 2, 30, start) for data in (x, near))
    assert one.log_evidence == pytest.approx(other.log_evidence, abs=1e-6)
    torch.testing.assert_close(far.W, close.W, rtol=1e-4, atol=1e-4)
    q = start.posterior(near)
    torch.testing.assert_close(em.m_step(x, q).W, em.m_step(near, q).W, rtol=1e-3, atol=1e-3)
    r = Categorical(logits=torch.randn(512, 3))
    torch.testing.assert_close(
        em.m_step(x, r).sigma2, em.m_step(near, r).sigma2, rtol=1e-4, atol=1e-4
    )


def test_a_component_without_points_is_refused():
    x = cloud(0)
    probs = torch.tensor([0.3, 0.0, 0.7], dtype=torch.float64).expand(len(x), 3)
    with pytest.raises(ValueError, match="q gives no point to component 1"):
        em.m_step(x, Categorical(probs))


def test_a_mixture_holds_no_more_than_the_data_at_once():
    x, model = cloud(0, 400, 300), random_mixture(0, 300)
    q = Categorical(logits=torch.randn(400, 3).double())
    assert largest_tensor(lambda: (model.log_joint(x), em.m_step(x, q))) <= x.numel()


def test_a_step_of_fit_is_an_e_step_and_an_m_step():
    x = cloud(3)
    start = PPCA(random_ppca(4).W, x.mean(0), 0.7)
    by_hand = em.m_step(x, em.e_step(start, x))
    fitted, history = em.fit(x, latent_dim=2, num_steps=1, start=start)
    torch.testing.assert_close(fitted.W, by_hand.W)
    assert fitted.sigma2 == pytest.approx(by_hand.sigma2)
    for model, value in zip([start, fitted], history.log_evidence, strict=True):
        assert value == pytest.approx(model.log_evidence(x).mean().item(), abs=1e-10)


def test_fit_ends_at_the_closed_form_likelihood():
    x = cloud(5, 200, 6)
    fitted, _ = em.fit(x, latent_dim=2, num_steps=2000)
    best = ppca.fit(x, latent_dim=2)
    assert fitted.log_evidence(x).mean().item() == pytest.approx(
        best.log_evidence(x).mean().item(), abs=1e-6
    )
    assert pca.principal_angle(fitted.W, best.W) < 1e-3


@few
@given(ratio=st.floats(0.1, 0.95), sigma2=st.floats(0.01, 10), angle=st.floats(0.2, 1.4))
def test_the_tangent_shrinks_by_the_ratio_of_the_eigenvalues(ratio, sigma2, angle):
    generator = torch.Generator().manual_seed(0)
    raw = torch.randn(50, 2, generator=generator, dtype=torch.float64)
    centred = raw - raw.mean(0)
    white = centred @ torch.linalg.inv(torch.linalg.cholesky(centred.T @ centred / 50)).T
    x = white * torch.tensor([1.0, ratio]).double().sqrt()
    w = torch.tensor([[angle], [1.0]], dtype=torch.float64)
    start = PPCA(w, torch.zeros(2).double(), sigma2)
    turned = em.fit(x, latent_dim=1, num_steps=1, start=start)[0].W
    shrinkage = (turned[1] / turned[0]) / (w[1] / w[0])
    assert shrinkage.item() == pytest.approx(ratio, abs=1e-4)


def test_data_with_equal_covariance_give_the_same_fit_whatever_their_number():
    x = cloud(7)
    start = PPCA(random_ppca(8).W, x.mean(0), 1.0)
    one, _ = em.fit(x, 2, 10, start)
    many, _ = em.fit(x.repeat(7, 1), 2, 10, start)
    torch.testing.assert_close(one.W, many.W)


def test_rank_deficient_data_stay_above_the_floor():
    x = torch.randn(40, 2).double() @ torch.randn(2, 5).double()
    fitted, history = em.fit(x, latent_dim=3, num_steps=200)
    variance = (x - x.mean(0)).square().mean().item()
    assert fitted.sigma2 >= 1e-6 * variance and all(s > 0 for s in history.sigma2)
    assert torch.isfinite(fitted.log_evidence(x)).all()


def test_a_spherical_mixture_in_one_dimension_is_scikit_learns():
    torch.manual_seed(0)
    x = torch.cat([torch.randn(150, 1) - 3, 0.5 * torch.randn(100, 1) + 2]).double()
    model = Mixture(
        torch.tensor([0.5, 0.5]).double(),
        torch.tensor([[-1.0], [1.0]]).double(),
        torch.ones(2).double(),
    )
    for _ in range(200):
        model = em.m_step(x, em.e_step(model, x))
    theirs = GaussianMixture(
        2, covariance_type="spherical", tol=1e-12, max_iter=500, reg_covar=0, random_state=0
    ).fit(x.numpy())
    assert model.log_evidence(x).mean().item() == pytest.approx(theirs.score(x.numpy()), abs=1e-6)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda x: em.fit(x, 0, 3), "latent_dim"),
        (lambda x: em.fit(x, 5, 3), "latent_dim"),
        (lambda x: em.fit(x, 2, -1), "num_steps"),
        (lambda x: em.fit(x * float("nan"), 2, 3), "x"),
        (lambda x: em.fit(x[0], 2, 3), "x"),
        (lambda x: em.fit(x.int(), 2, 3), "x"),
        (lambda x: em.fit(x[:0], 2, 3), "x"),
        (lambda x: em.fit(torch.ones_like(x), 2, 3), "x"),
        (lambda x: em.fit(x, 2, 3, start=random_ppca(0, 3)), "start.W"),
        (lambda x: em.fit(x, 1, 3, start=random_ppca(0)), "latent_dim"),
        (lambda x: em.e_step(random_ppca(0), x[:, :3]), "x"),
        (lambda x: em.e_step(random_mixture(0), x[:, :3]), "x"),
        (lambda x: em.elbo(random_ppca(0), Categorical(torch.ones(60, 2)), x), "q"),
        (lambda x: em.elbo(random_ppca(0), random_q(0, 59), x), "q"),
        (lambda x: em.elbo(random_ppca(0), random_q(0, 60, 3), x), "q"),
        (lambda x: em.m_step(x, random_q(0, 59)), "q"),
        (lambda x: em.m_step(x, Categorical(torch.ones(59, 2).double())), "q"),
        (lambda x: em.m_step(x * float("inf"), random_q(0)), "x"),
        (lambda x: Mixture(-torch.ones(2), torch.ones(2, 3), torch.ones(2)), "weights"),
        (lambda x: Mixture(torch.ones(2), torch.ones(2, 3), torch.ones(2)), "weights"),
        (lambda x: Mixture(torch.ones(2) / 2, torch.ones(2, 3), torch.zeros(2)), "sigma2"),
    ],
)
def test_bad_arguments_are_named(call, name):
    with pytest.raises((ValueError, TypeError), match=name.replace(".", r"\.")):
        call(cloud(0))
