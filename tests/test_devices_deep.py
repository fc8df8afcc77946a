"""No tensor is made on torch's default device: every one follows those that are given.

Under `torch.device("meta")` a tensor made without a device has no values: most operations that
join it to one that has them fail, and after the others the result is another.
"""

import pytest
import torch
from torch.distributions import Distribution, Independent, Laplace, MultivariateNormal, Normal
from torch.utils._pytree import tree_leaves

from course_utils import deep, flows, gradients, training, vae, vem
from course_utils.gaussian import Gaussian, StandardNormal
from course_utils.mixture import BernoulliMixture
from course_utils.vem.local import num_parameters, parameters_of


class HeavyTailed(deep.Decoder):
    def forward(self, z):
        mean = self.network(z)
        return Independent(Laplace(mean, torch.ones_like(mean)), 1)


NETWORKS = {
    "scalar": lambda H: deep.Decoder(H, 2, (4,)),
    "diagonal": lambda H: deep.Decoder(H, 2, (4,), "diagonal"),
    "fixed": lambda H: deep.Decoder(H, 2, (4,), "fixed"),
    "Laplace": lambda H: HeavyTailed(H, 2, (4,)),
    "curve": lambda H: deep.ring() if H == 1 else deep.Decoder(H, 2, (), "bernoulli"),
}


def problem(model, latent_dim, covariance):
    """The functions over deep models, each on data of its own."""
    x, start = model.sample(4), torch.randn(4, num_parameters(latent_dim, covariance)) / 5
    q = vem.gaussian(start, latent_dim)
    local = vem.Local(4, latent_dim, covariance)
    encoder = vae.Encoder(2, latent_dim, (3,), covariance)
    options = {"num_steps": 2, "num_nodes": 3}
    return {
        "sample": lambda: model.sample(3),
        "elbo": lambda: vem.elbo(x, q, model, 2),
        "exact_elbo": lambda: vem.exact_elbo(x, q, model, 3),
        "e_step": lambda: vem.e_step(x, local, model, **options),
        "e_step by samples": lambda: vem.e_step(x, local, model, 2, num_samples=2),
        "m_step": lambda: vem.m_step(x, local, model, 2),
        "best_q": lambda: vem.best_q(x, model, q, covariance=covariance, **options),
        "parameters_of": lambda: parameters_of(q, "full"),
        "vem.fit": lambda: vem.fit(x, local, model, 2, progress=False),
        "vae.elbo": lambda: vae.elbo(x, encoder, model),
        "vae.fit": lambda: vae.fit(x, encoder, model, 2, progress=False),
        "log_evidence": lambda: deep.log_evidence(x, model),
        "mode": lambda: deep.mode(x, model),
        "gaps": lambda: vae.gaps(x, encoder, model, **options),
    }


CASES = [
    (name, H, covariance, likelihood)
    for H, covariance in ((1, "diagonal"), (2, "full"))
    for name in problem(deep.ring(), 1, "diagonal")
    for likelihood in NETWORKS
    if (likelihood, H) != ("curve", 1) or name not in {"m_step", "vem.fit"}  # nothing to learn
]


def numbers(result):
    """The tensors of a result, q's mean and the losses of a training among them."""
    for part in tree_leaves(result):
        if isinstance(part, training.History):
            yield torch.tensor(part.loss, device="cpu")
        else:
            yield part.mean if isinstance(part, Distribution) else part


@pytest.mark.parametrize(("name", "latent_dim", "covariance", "likelihood"), CASES)
def test_deep_models_follow_their_data(name, latent_dim, covariance, likelihood):
    found = []
    for device in ("cpu", "meta"):
        torch.manual_seed(0)
        run = problem(NETWORKS[likelihood](latent_dim), latent_dim, covariance)[name]
        with torch.device(device):
            found.append(list(numbers(run())))
    for expected, other in zip(*found, strict=True):
        torch.testing.assert_close(other, expected, rtol=0, atol=0)


@pytest.mark.parametrize("latent_dim", [1, 2])
def test_a_grid_is_where_it_is_asked_for(latent_dim):
    for axis in tree_leaves(deep.grid(latent_dim, 0.5, device="meta")):
        assert axis.device.type == "meta" and axis.dtype == torch.float64


@pytest.mark.parametrize("log_variance", [torch.zeros(3, 2), torch.zeros(())])
def test_gaussians_follow_their_mean(log_variance):
    q, x = Gaussian(torch.zeros(3, 2), log_variance), torch.zeros(5, 3, 2)
    full = MultivariateNormal(torch.zeros(2), torch.eye(2))
    normal = Independent(Normal(torch.zeros(2), torch.ones(2)), 1)
    zero = torch.zeros(2)
    with torch.device("meta"):
        prior = StandardNormal(zero)
        assert q.log_prob(x).shape == q.expand([5, 3]).log_prob(x).shape
        q.rsample()
        for p in (q, full):
            for other in (prior, normal):
                torch.distributions.kl_divergence(p, other)


def test_mean_field_follows_its_model():
    model = BernoulliMixture(torch.tensor([0.4, 0.6]), torch.full((2, 3), 0.3))
    x, seen, start = torch.ones(4, 3), torch.tensor([True, False, False]), torch.full((4, 2), 0.5)
    with torch.device("meta"):
        found = vem.mean_field(model, x, seen, start)
    assert {t.device.type for t in (found.weights, found.means, *found.elbo)} == {"cpu"}


Q = {
    "Normal": lambda: Normal(torch.zeros(2), torch.ones(2)),
    "Independent": lambda: Independent(Normal(torch.zeros(3, 2), torch.ones(3, 2)), 1),
    "full": lambda: MultivariateNormal(torch.zeros(2), torch.eye(2)),
}


@pytest.mark.parametrize("name", Q)
def test_gradients_follow_q(name):
    q = Q[name]()

    def f(z):
        return z.reshape(*q.expand([5, *q.batch_shape]).batch_shape, -1).square().sum(-1)

    with torch.device("meta"):
        made = [
            gradients.pathwise(f, q, 5, entropy=True),
            gradients.score_function(f, q, 5, baseline=0.5),
            gradients.detached(f, q, 5),
            gradients.sticking_the_landing(f, q, 5),
        ]
    assert {tensor.device.type for tensor in tree_leaves(made)} == {"cpu"}


LAYERS = {
    "Affine": lambda C: flows.Affine(2, C),
    "AffineCoupling": lambda C: flows.AffineCoupling(2, context_dim=C),
    "AutoregressiveSpline": lambda C: flows.AutoregressiveSpline(2, context_dim=C),
    "InverseAutoregressive": lambda C: flows.InverseAutoregressive(2, C),
    "MaskedAutoregressive": lambda C: flows.MaskedAutoregressive(2, C),
    "Mixing": lambda C: flows.Mixing(2),
    "Permutation": lambda C: flows.Permutation([1, 0]),
    "Planar": lambda C: flows.Planar(2, C),
    "Radial": lambda C: flows.Radial(2, C),
    "Spline": lambda C: flows.Spline(2, context_dim=C),
    "SplineCoupling": lambda C: flows.SplineCoupling(2, context_dim=C),
}


def test_every_layer_is_here():
    assert {*LAYERS, "Flow", "Layer", "standard_normal"} == set(flows.__all__)


@pytest.mark.parametrize("context_dim", [0, 3])
@pytest.mark.parametrize("name", LAYERS)
def test_flows_follow_their_layers(name, context_dim):
    layer, context, x = LAYERS[name](context_dim), torch.randn(4, 3), torch.randn(4, 2)
    flow = flows.Flow(flows.standard_normal(2), [layer])
    with torch.device("meta"):
        q = flow.condition(context) if layer.context_dim else flow.expand([4])
        made = [q.log_prob(x), *q.rsample_and_log_prob([5]), q.sample([5])]
    assert {tensor.device.type for tensor in made} == {"cpu"}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_flow_without_parameters_follows_its_base(dtype):
    base = Independent(Normal(torch.zeros(2, dtype=dtype), 1.0), 1)
    flow = flows.Flow(base, [flows.Permutation([1, 0])])
    x = torch.randn(4, 2, dtype=dtype)
    assert flow.log_prob(x).dtype == flow.expand([4]).log_prob(x).dtype == dtype
