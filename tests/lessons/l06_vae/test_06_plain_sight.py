import pytest
import torch
from answers_06 import bound, torch_sampled
from hypothesis import given
from hypothesis import strategies as st
from shared_06 import few
from torch.distributions import Independent, Normal, kl_divergence

from course_utils import vae
from course_utils.kit.exercise import EXERCISES, examine
from course_utils.lessons.l06_vae.plain_sight import elbo, kl_of_output


@given(st.integers(0, 9999), st.integers(1, 3))
@few
def test_the_kl_is_that_of_torch_where_torch_can_compute_it(seed, H):
    torch.manual_seed(seed)
    output = torch.randn(7, 2 * H)
    q = Normal(output[:, :H], (output[:, H:] / 2).exp())
    torch.testing.assert_close(kl_of_output(output, H), kl_divergence(q, Normal(0.0, 1.0)).sum(1))


def test_the_kl_is_finite_far_below_and_pulls_back():
    output = torch.tensor([[0.5, -1700.0]], requires_grad=True)
    kl = kl_of_output(output, 1)
    assert kl.item() == pytest.approx((0.25 + 1700 - 1) / 2)
    assert torch.autograd.grad(kl.sum(), output)[0].tolist() == [[0.5, -0.5]]


@given(st.integers(0, 9999))
@few
def test_what_is_not_known_of_x_does_not_count(seed):
    """A missing number is integrated out: the bound is that of the model without this dimension."""
    torch.manual_seed(seed)
    x, mean, scale = torch.randn(6, 3), torch.randn(6, 2), torch.rand(6, 2) + 0.1
    W, sigma2 = torch.randn(2, 3), torch.tensor(0.3)
    holed = x.clone()
    holed[:, 1] = torch.nan
    torch.manual_seed(seed)
    ours = elbo(holed, mean, scale, lambda z: z @ W, sigma2)
    torch.manual_seed(seed)
    theirs = elbo(x[:, [0, 2]], mean, scale, lambda z: (z @ W)[:, [0, 2]], sigma2)
    torch.testing.assert_close(ours, theirs)


@given(st.integers(0, 9999))
@few
def test_the_elbo_is_the_librarys_with_its_gradients(seed):
    torch.manual_seed(seed)
    decoder, x = vae.Decoder(2, 3, (4,), sigma2=0.3).double(), torch.randn(6, 3).double()
    mean, scale = torch.randn(6, 2).double(), torch.rand(6, 2).double() + 0.1
    torch.manual_seed(seed)
    sigma2 = decoder.log_sigma2.detach().exp()
    leaves = [leaf.requires_grad_() for leaf in (mean, scale, sigma2)]
    ours = elbo(x, mean, scale, lambda z: decoder(z).mean, sigma2)
    torch.manual_seed(seed)
    theirs = vae.elbo(x, always(mean, scale), decoder)
    torch.testing.assert_close(ours, theirs)
    slopes = torch.autograd.grad(ours.sum(), leaves)
    wanted = torch.autograd.grad(theirs.sum(), (mean, scale, decoder.log_sigma2))
    in_log = slopes[2] * sigma2  # the library's parameter is log sigma2
    torch.testing.assert_close((*slopes[:2], in_log), wanted)


def always(mean, scale):
    """An encoder that gives this q whatever x is."""
    encoder = torch.nn.Module()
    encoder.forward = lambda x: Independent(Normal(mean, scale), 1)
    return encoder


def test_another_right_elbo_is_right():
    assert examine(EXERCISES["06.2"], torch_sampled).kind == "right"


def unsummed_kl(x, mean, scale, decode, sigma2):
    q = Normal(mean, scale)
    fit = Normal(decode(q.rsample()), sigma2**0.5).log_prob(x.nan_to_num()).sum(1)
    return fit[:, None] - kl_divergence(q, Normal(0.0, 1.0))


def gaps_forgotten(x, mean, scale, decode, sigma2):
    return Normal(decode(mean), sigma2**0.5).log_prob(x).sum(1)


def misspelt(x, mean, scale, decode, sigma2):
    q = Normal(mean, scale)
    return q.log_porb(x)


def without_any_gradient(x, mean, scale, decode, sigma2):
    return bound(x, mean, scale, decode, sigma2).detach()


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (unsummed_kl, "Expected shape (6,), got (6, 2)."),
        (gaps_forgotten, "to be within the support"),
        (misspelt, "<code>return q.log_porb(x)</code>"),
        (without_any_gradient, "its gradient in <code>mean</code> is not. Off by"),
        (lambda *case: (elbo(*case), 0.0), "Expected a tensor, got tuple."),
        (lambda x, mean, *_: mean.mul_(2).sum(1), "changes its input in place"),
    ],
)
def test_the_elbo_is_told_of_its_own_lines_and_shapes(answer, says):
    assert says in examine(EXERCISES["06.2"], answer).message
