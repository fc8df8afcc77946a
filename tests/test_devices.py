"""Every tensor that a function makes is on the device of its input.

Under `torch.device("meta")` a tensor made without a device has no data, so a function that
forgets one fails, or returns such a tensor: a GPU is not needed to see it.
"""

import pytest
import torch
from torch.distributions import Categorical, Distribution

from course_utils import em, exact, mixture, pca, ppca

X = torch.randn(30, 4, generator=torch.Generator().manual_seed(0))
MODEL = ppca.fit(X, 2)
Q = MODEL.posterior(X)
MIXTURE = mixture.Mixture(torch.tensor([0.4, 0.6]), X[:2], torch.ones(2))
BITS = (X > 0).float()
PIXELS = mixture.BernoulliMixture(torch.tensor([0.4, 0.6]), X[:2].sigmoid())
SEEN = torch.tensor([True, False, True, True])
AXIS = torch.linspace(-5, 5, 51)


def log_joint(z):
    return -z.square().sum(1)


# What runs, by name: its result is a tensor, a distribution, a model, or several of them.
CALLS = {
    "pca.fit": lambda: pca.fit(X, 2),
    "pca.spectrum": lambda: pca.spectrum(X),
    "pca.moments": lambda: pca.moments(X),
    "pca.centre": lambda: pca.centre(X),
    "pca.reconstruction_error": lambda: pca.reconstruction_error(X, MODEL.W),
    "pca.principal_angle": lambda: pca.principal_angle(MODEL.W, MODEL.W),
    "ppca.fit": lambda: ppca.fit(X, 2),
    "ppca.PPCA, its symbols": lambda: (MODEL.M, MODEL.E, MODEL.d, MODEL.G),
    "ppca.PPCA.posterior": lambda: MODEL.posterior(X),
    "ppca.PPCA.marginal": lambda: MODEL.marginal(),
    "ppca.PPCA.log_evidence": lambda: MODEL.log_evidence(X),
    "ppca.PPCA.expected_log_joint": lambda: MODEL.expected_log_joint(Q, X),
    "ppca.PPCA.maximise": lambda: ppca.PPCA.maximise(X, Q),
    "ppca.PPCA.sample": lambda: MODEL.sample(5),
    "ppca.PPCA.autoencode": lambda: MODEL.autoencode(X),
    "mixture.Mixture.posterior": lambda: MIXTURE.posterior(X),
    "mixture.Mixture.log_evidence": lambda: MIXTURE.log_evidence(X),
    "mixture.Mixture.maximise": lambda: mixture.Mixture.maximise(X, MIXTURE.posterior(X)),
    "mixture.BernoulliMixture.log_joint": lambda: PIXELS.log_joint(BITS, SEEN),
    "mixture.BernoulliMixture.maximise": lambda: mixture.BernoulliMixture.maximise(
        BITS, PIXELS.posterior(BITS)
    ),
    "em.elbo": lambda: em.elbo(MODEL, em.e_step(MODEL, X), X),
    "em.m_step": lambda: em.m_step(X, Categorical(X.exp())),
    "em.fit": lambda: em.fit(X, 2, 3)[0],
    "exact.log_evidence": lambda: exact.log_evidence(log_joint, (AXIS, AXIS)),
    "exact.posterior": lambda: exact.posterior(log_joint, AXIS),
    "exact.expectation": lambda: exact.expectation(lambda z: z.sum(-1), Q, 5),
}


def tensors(result):
    if isinstance(result, torch.Tensor):
        return [result]
    if isinstance(result, Distribution):
        return [result.probs if isinstance(result, Categorical) else result.mean]
    parts = result if isinstance(result, tuple) else vars(result).values()
    return [tensor for part in parts if not isinstance(part, float) for tensor in tensors(part)]


@pytest.mark.parametrize("name", CALLS)
def test_nothing_is_made_on_the_default_device(name):
    with torch.device("meta"):
        made = tensors(CALLS[name]())
    assert made and {tensor.device.type for tensor in made} == {"cpu"}
    torch.manual_seed(0)
    expected = tensors(CALLS[name]())
    torch.manual_seed(0)
    with torch.device("meta"):
        made = tensors(CALLS[name]())
    torch.testing.assert_close(made, expected)
