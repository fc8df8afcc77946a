"""Programs against conjugate answers, enumeration, the lessons before, and Pyro."""

import ast
import copy
import inspect
import io
import pickle
import tokenize

import pyro
import pytest
import torch
from pyro.infer import Trace_ELBO
from torch import Tensor, nn
from torch.distributions import (
    Bernoulli,
    Beta,
    Binomial,
    Categorical,
    Gamma,
    Independent,
    MultivariateNormal,
    Normal,
    Poisson,
    kl_divergence,
)

from course_utils import bayes_net, bounds, data, mixture, ppca, vae
from course_utils.bayes_net import ELBO, BayesianNet

HEADS, TOSSES = torch.tensor(7.0).double(), 10
ONE, TWO = torch.ones(()).double(), torch.tensor(2.0).double()


class Coin(BayesianNet):
    def program(self):
        theta = self.node("theta", Beta(TWO, 2.0))
        self.node("x", Binomial(TOSSES, theta))


class Guide(BayesianNet):
    """Beta(a, b), many samples at once."""

    def __init__(self, a: float, b: float, *sample_shape: int) -> None:
        super().__init__()
        self.log_ab = nn.Parameter(torch.tensor([a, b]).double().log())
        self.sample_shape = sample_shape

    def program(self):
        self.node("theta", Beta(*self.log_ab.exp()), self.sample_shape)


class Images(BayesianNet):
    """The decoder of lesson 06 as a program."""

    def __init__(self, decoder: vae.Decoder) -> None:
        super().__init__()
        self.decoder = decoder

    def program(self, num_images: int = 1):
        zero = torch.zeros(num_images, self.decoder.latent_dim)
        z = self.node("z", Independent(Normal(zero, 1.0), 1))
        p = self.decoder(z)
        self.cache["image"] = p.mean
        self.node("x", p)


class Codes(BayesianNet):
    def __init__(self, encoder: vae.Encoder, num_samples: int) -> None:
        super().__init__()
        self.encoder, self.num_samples = encoder, num_samples

    def program(self, x: Tensor):
        self.node("z", self.encoder(x), (self.num_samples,))


def exact_elbo(a: Tensor, b: Tensor) -> Tensor:
    """log p(x) - KL(Beta(a, b) || the posterior), of the coin."""
    return log_evidence() - kl_divergence(Beta(a, b), Beta(a * 0 + 9.0, 5.0))


def log_evidence() -> Tensor:
    theta = torch.tensor(0.3).double()
    likelihood, prior = Binomial(TOSSES, theta).log_prob(HEADS), Beta(TWO, 2.0).log_prob(theta)
    return likelihood + prior - Beta(9.0 * ONE, 5.0).log_prob(theta)


def test_it_has_at_most_fifty_lines_of_code():
    source = inspect.getsource(bayes_net)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    nodes = [n for n in ast.walk(ast.parse(source)) if isinstance(n, documented)]
    texts = [n.body[0] for n in nodes if ast.get_docstring(n)]
    said = {line for text in texts for line in range(text.lineno, text.end_lineno + 1)}
    quiet = (
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
    )
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    code = {line for t in tokens if t.type not in quiet for line in range(t.start[0], t.end[0] + 1)}
    assert 30 < len(code - said) <= 50


def test_an_observed_node_keeps_its_value_and_the_others_are_drawn():
    net = Coin().observe(x=HEADS)
    assert net.values["x"] is HEADS and 0 < net.values["theta"] < 1
    expected = Beta(TWO, 2.0).log_prob(net.values["theta"])
    expected = expected + Binomial(TOSSES, net.values["theta"]).log_prob(HEADS)
    assert net.log_joint() == pytest.approx(expected.item(), abs=1e-12)


def test_without_values_it_generates():
    """Uniform on 0..10 it is not: Beta-binomial with variance n a b (a+b+n) / (a+b)^2 (a+b+1)."""
    net = Coin()
    x = torch.stack([net.observe().values["x"] for _ in range(4000)])
    assert x.mean() == pytest.approx(5, abs=0.2)
    assert x.var() == pytest.approx(10 * 4 * 14 / (16 * 5), abs=0.6)


def test_a_second_run_forgets_the_first():
    net = Coin()
    net.observe(theta=torch.tensor(0.2).double(), x=HEADS)
    assert net.observe(x=HEADS).values["theta"] != 0.2 and len(net.log_probs) == 2


@pytest.mark.parametrize("again", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_a_copy_after_a_run_has_the_parameters_and_no_run(again):
    cost = ELBO(Coin(), Guide(3.0, 4.0, 5))
    cost(x=HEADS).backward()
    other = again(cost)
    assert cost.generator.values["x"] is HEADS and other.generator.values == {}
    torch.manual_seed(0)
    expected = cost(x=HEADS)
    torch.manual_seed(0)
    assert other(x=HEADS) == expected
    with torch.no_grad():
        other.variational.log_ab += 1
    assert (cost.variational.log_ab.detach().exp() - torch.tensor([3.0, 4.0])).abs().max() < 1e-9


def test_what_is_wrong_is_named():
    with pytest.raises(ValueError, match=r"values has \['y'\]; nodes are \['theta', 'x'\]"):
        Coin().observe(y=HEADS)

    class Twice(BayesianNet):
        def program(self):
            self.node("z", Normal(0.0, 1.0))
            self.node("z", Normal(0.0, 1.0))

    with pytest.raises(ValueError, match="name 'z' belongs to two nodes"):
        Twice().observe()
    with pytest.raises(ValueError, match='estimator must be "sgvb" or "reinforce"'):
        ELBO(Coin(), Guide(1, 1), "SGVB")
    with pytest.raises(ValueError, match="x: Expected value argument"):
        Coin().observe(x=torch.tensor(11.0))
    with pytest.raises(AttributeError, match="no attribute 'program'"):
        BayesianNet().observe()


@pytest.mark.parametrize("estimator", ["sgvb", "reinforce"])
def test_value_and_gradient_have_the_exact_means(estimator):
    guide = Guide(3.0, 4.0, 100_000)
    cost = ELBO(Coin(), guide, estimator)(x=HEADS)
    a, b = guide.log_ab.detach().exp().requires_grad_()
    exact = -exact_elbo(a, b)
    assert cost.item() == pytest.approx(exact.item(), abs=0.02)
    cost.backward()
    truth = torch.autograd.grad(exact, (a, b))
    for found, slope, size in zip(guide.log_ab.grad, truth, (a, b), strict=True):
        assert found.item() == pytest.approx((slope * size).item(), abs=0.06)


def test_the_estimators_differ_in_the_gradient_only():
    torch.manual_seed(0)
    paths = ELBO(Coin(), Guide(3.0, 4.0, 5))(x=HEADS)
    torch.manual_seed(0)
    scores = ELBO(Coin(), Guide(3.0, 4.0, 5), "reinforce")(x=HEADS)
    assert paths.item() == pytest.approx(scores.item(), abs=1e-12)


def test_at_the_posterior_every_sample_weighs_the_evidence():
    log_w = ELBO(Coin(), Guide(9.0, 5.0, 50)).log_weight(x=HEADS)
    assert (log_w - log_evidence()).abs().max() < 1e-12


def test_ppca_is_lesson_02s():
    x = data.digits().train[:40]
    model, zero = ppca.fit(x, 3), torch.zeros(40, 3).double()

    class Pictures(BayesianNet):
        def program(self):
            z = self.node("z", MultivariateNormal(zero, torch.eye(3).double()))
            p = Normal(z @ model.W.T + model.mu, model.sigma2**0.5 * ONE)
            self.node("x", Independent(p, 1))

    class Posterior(BayesianNet):
        def program(self, x):
            self.node("z", model.posterior(x))

    log_w = ELBO(Pictures(), Posterior()).log_weight(x, x=x)
    assert (log_w - model.log_evidence(x)).abs().max() < 1e-9


def test_a_mixture_enumerated_is_lesson_03s():
    x = torch.randn(30, 2).double()
    weights, means = (
        torch.tensor([0.2, 0.8], dtype=torch.float64),
        torch.tensor([[-1.0, 0.0], [1.0, 1.0]]),
    )
    model = mixture.Mixture(weights, means.double(), torch.ones(2).double())

    class Crowd(BayesianNet):
        def program(self):
            k = self.node("k", Categorical(weights))
            self.node("x", Independent(Normal(model.means[k], ONE), 1))

    joint = torch.stack([Crowd().observe(k=torch.full((30,), k), x=x).log_joint() for k in (0, 1)])
    assert (joint.logsumexp(0) - model.log_evidence(x)).abs().max() < 1e-12


def networks() -> tuple[Tensor, vae.Encoder, vae.Decoder]:
    torch.manual_seed(1)
    x = torch.rand(20, 6).round()
    return x, vae.Encoder(6, 2, (8,)), vae.Decoder(2, 6, (8,), "bernoulli")


def test_the_bound_by_several_samples_is_lesson_08s_at_its_seed():
    x, encoder, decoder = networks()
    cost = ELBO(Images(decoder), Codes(encoder, 7))
    torch.manual_seed(5)
    found = bounds.bound(cost.log_weight(x, x=x)).mean()
    torch.manual_seed(5)
    expected = bounds.bound(bounds.log_weights(x, encoder(x), decoder, 7)).mean()
    assert found.item() == pytest.approx(expected.item(), abs=1e-6)


def test_a_step_of_the_vae_is_lesson_06s_but_for_the_kls_noise():
    """The same samples: the two costs differ by log q - log p less the KL in closed form."""
    x, encoder, decoder = networks()
    cost = ELBO(Images(decoder), Codes(encoder, 50))
    torch.manual_seed(5)
    log_w = cost.log_weight(x, x=x)
    torch.manual_seed(5)
    closed = vae.elbo(x, encoder, decoder, num_samples=50)
    q, z = encoder(x), cost.variational.values["z"]
    noise = (q.log_prob(z) - decoder.prior.log_prob(z)).mean(0) - kl_divergence(q, decoder.prior)
    assert (log_w.mean(0) + noise - closed).abs().max() < 1e-5


def test_value_and_gradient_are_pyros():
    pyro.clear_param_store()
    start = torch.tensor([3.0, 4.0]).double().log()

    def model():
        theta = pyro.sample("theta", pyro.distributions.Beta(TWO, 2.0))
        pyro.sample("x", pyro.distributions.Binomial(TOSSES, theta), obs=HEADS)

    def guide():
        log_ab = pyro.param("log_ab", start.clone())
        pyro.sample("theta", pyro.distributions.Beta(*log_ab.exp()))

    torch.manual_seed(3)
    theirs = Trace_ELBO().differentiable_loss(model, guide)
    theirs.backward()
    ours = Guide(3.0, 4.0)
    torch.manual_seed(3)
    cost = ELBO(Coin(), ours)(x=HEADS)
    cost.backward()
    assert cost.item() == pytest.approx(theirs.item(), abs=1e-9)
    assert (ours.log_ab.grad - pyro.param("log_ab").grad).abs().max() < 1e-9


def test_a_node_without_a_path_has_the_scores_gradient_whatever_the_estimator():
    """E of z under Bernoulli(p): the exact gradient of -E f(z) + KL by enumeration."""

    class Switch(BayesianNet):
        def program(self):
            z = self.node("z", Bernoulli(0.3 * ONE))
            self.node("x", Normal(2 * z, ONE))

    class Guess(BayesianNet):
        def __init__(self):
            super().__init__()
            self.logit = nn.Parameter(torch.tensor(0.4).double())

        def program(self):
            self.node("z", Bernoulli(logits=self.logit.expand(200_000)))

    guess, x = Guess(), torch.tensor(1.5).double()
    ELBO(Switch(), guess)(x=x).backward()
    logit = guess.logit.detach().requires_grad_()
    q, z = Bernoulli(logits=logit), torch.tensor([0.0, 1.0]).double()
    joint = Switch().observe(z=z, x=x).log_joint()
    (-(q.log_prob(z).exp() * (joint - q.log_prob(z))).sum()).backward()
    assert guess.logit.grad.item() == pytest.approx(logit.grad.item(), abs=0.01)


def test_a_poisson_rate_has_its_conjugate_evidence():
    counts = torch.tensor([3.0, 5.0, 4.0]).double()

    class Rate(BayesianNet):
        def program(self):
            rate = self.node("rate", Gamma(TWO, 1.0))
            self.node("x", Independent(Poisson(rate[..., None].expand(*rate.shape, 3)), 1))

    class Posterior(BayesianNet):
        def program(self):
            self.node("rate", Gamma(14.0 * ONE, 4.0), (9,))

    log_w = ELBO(Rate(), Posterior()).log_weight(x=counts)
    rate = torch.tensor(3.7).double()
    expected = Rate().observe(rate=rate, x=counts).log_joint() - Gamma(14.0 * ONE, 4.0).log_prob(
        rate
    )
    assert (log_w - expected).abs().max() < 1e-9 and log_w.std() < 1e-9


def test_a_node_that_nobody_gives_is_refused_not_drawn():
    """Drawn from its prior and scored, it would lift the bound above the evidence."""

    class Loose(Coin):
        def program(self):
            super().program()
            self.node("u", Normal(0 * ONE, 1e-3))

    with pytest.raises(ValueError, match=r"observed lacks \['u'\]"):
        ELBO(Loose(), Guide(9.0, 5.0))(x=HEADS)
    with pytest.raises(ValueError, match=r"observed lacks \['x'\]"):
        ELBO(Coin(), Guide(9.0, 5.0))()


def test_log_probabilities_of_different_shapes_are_not_added():
    class Wrong(BayesianNet):
        def program(self):
            z = self.node("z", Normal(torch.zeros(3, 3), 1.0))
            self.node("x", Independent(Normal(z, 1.0), 1))

    with pytest.raises(ValueError, match=r"one shape, got \{'z': \(3, 3\), 'x': \(3,\)\}"):
        Wrong().observe().log_joint()


def test_both_kinds_of_node_in_one_guide():
    """k has no path, z | k has one: E over both of the gradient, against quadrature in z and a sum."""

    class Model(BayesianNet):
        def program(self):
            k = self.node("k", Bernoulli(0.4 * ONE))
            z = self.node("z", Normal(2 * k, ONE))
            self.node("x", Normal(z, 0.5 * ONE))

    class Both(BayesianNet):
        def __init__(self):
            super().__init__()
            self.phi = nn.Parameter(torch.tensor([0.3, 0.7]).double())  # logit of k, shift of z

        def program(self):
            k = self.node("k", Bernoulli(logits=self.phi[0].expand(200_000)))
            self.node("z", Normal(self.phi[1] + k, 0.6 * ONE))

    both, x = Both(), 1.2 * ONE
    ELBO(Model(), both)(x=x).backward()
    phi = both.phi.detach().requires_grad_()
    z, exact = torch.linspace(-6, 8, 4001).double(), 0.0
    for k in (0.0, 1.0):
        log_k = Bernoulli(logits=phi[0]).log_prob(k * ONE)
        log_z = Normal(phi[1] + k, 0.6 * ONE).log_prob(z)
        joint = Model().observe(k=torch.full_like(z, k), z=z, x=x.expand(4001)).log_joint()
        exact = exact + log_k.exp() * (log_z.exp() * (joint - log_k - log_z)).sum() * (z[1] - z[0])
    (-exact).backward()
    assert (both.phi.grad - phi.grad).abs().max() < 0.03
