import functools
import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import drawn_texts, faults, unreadable
from torch.distributions import Independent, MultivariateNormal, Normal

from course_utils import data, deep, pca, ppca, vae
from course_utils.kit.exercise import EXERCISES, examine
from course_utils.lessons import l06_vae as lesson

few = settings(deadline=None, max_examples=25, derandomize=True)

# --- Exercises: the solution, the stub, and wrong answers as a student would write them -----


def stub_1(output, latent_dim):
    return output[:, :latent_dim], ...


def stub_2(x, mean, scale, decode, sigma2):
    raise NotImplementedError


def stub_3(evidence, best, bound):
    return ..., ...


def stub_4(eigenvalues, beta, sigma2):
    return ...


def variance_for_scale(output, latent_dim):
    return output[:, :latent_dim], torch.exp(output[:, latent_dim:])


def no_exponential(output, latent_dim):
    return output.chunk(2, 1)


def softplus(output, latent_dim):
    mean, raw = output.chunk(2, 1)
    return mean, (1 + raw.exp()).log()


def wrong_order(output, latent_dim):
    log_variance, mean = output.chunk(2, dim=1)
    return mean, torch.exp(0.5 * log_variance)


def alternating(output, latent_dim):
    pairs = output.unflatten(1, (latent_dim, 2))
    return pairs[..., 0], torch.exp(pairs[..., 1] / 2)


def precision(output, latent_dim):
    mean, log_variance = output.chunk(2, 1)
    return mean, 1 / torch.exp(0.5 * log_variance)


def bound(x, mean, scale, decode, sigma2, *, z=None, fit=torch.sum, kl=torch.sum, sign=-1.0):
    """The ELBO from its formulas, with parts that can be changed."""
    z = mean + scale * torch.randn(mean.shape, dtype=mean.dtype) if z is None else z
    log_noise = torch.log(2 * torch.pi * sigma2)
    pixels = -((x - decode(z)) ** 2) / (2 * sigma2) - log_noise / 2
    latents = (mean**2 + scale**2 - 1 - 2 * scale.log()) / 2
    return fit(pixels, 1) + sign * kl(latents, 1)


def lost_noise(x, mean, scale, decode, sigma2):
    return bound(x, mean, scale, decode, torch.tensor(float(sigma2.detach())))


def sampled_kl(x, mean, scale, decode, sigma2):
    q = Normal(mean, scale)
    z = q.rsample()
    fit = Normal(decode(z), sigma2.sqrt()).log_prob(x).sum(1)
    return fit + (Normal(0.0, 1.0).log_prob(z) - q.log_prob(z)).sum(1)


def reversed_kl(x, mean, scale, decode, sigma2):
    q = Normal(mean, scale)
    fit = Normal(decode(q.rsample()), sigma2.sqrt()).log_prob(x).sum(1)
    return fit - torch.distributions.kl_divergence(Normal(0.0, 1.0), q).sum(1)


def torch_sampled(x, mean, scale, decode, sigma2):
    """Right, by a distribution over vectors and plain float32 noise."""
    z = mean + scale * torch.randn(len(x), mean.shape[1])
    fit = MultivariateNormal(decode(z), sigma2 * torch.eye(x.shape[1])).log_prob(x)
    q, prior = Independent(Normal(mean, scale), 1), Independent(Normal(0 * mean, 1.0), 1)
    return fit - torch.distributions.kl_divergence(q, prior)


def cut_off(x, mean, scale, decode, sigma2):
    z = Normal(mean, scale).sample()
    return bound(x, mean, scale, decode, sigma2, z=z)


def mean_for_sum(x, mean, scale, decode, sigma2):
    return bound(x, mean, scale, decode, sigma2, fit=torch.mean)


def means_for_both(x, mean, scale, decode, sigma2):
    return bound(x, mean, scale, decode, sigma2, fit=torch.mean, kl=torch.mean)


def kl_added(x, mean, scale, decode, sigma2):
    return bound(x, mean, scale, decode, sigma2, sign=1.0)


def no_kl(x, mean, scale, decode, sigma2):
    return bound(x, mean, scale, decode, sigma2, sign=0.0)


def variance_for_noise_scale(x, mean, scale, decode, sigma2):
    return bound(x, mean, scale, decode, sigma2**2)


def root_of_scale(x, mean, scale, decode, sigma2):
    return bound(x, mean, scale.sqrt(), decode, sigma2)


def square_of_scale(x, mean, scale, decode, sigma2):
    return bound(x, mean, scale**2, decode, sigma2)


def averaged(x, mean, scale, decode, sigma2):
    return bound(x, mean, scale, decode, sigma2).mean()


def loss(x, mean, scale, decode, sigma2):
    return -bound(x, mean, scale, decode, sigma2)


def reversed_signs(evidence, best, bound):
    return bound - best, best - evidence


def never_negative(evidence, best, bound):
    return abs(best - bound), abs(evidence - best)


def cut_off_below(evidence, best, bound):
    return torch.relu(best - bound), torch.relu(evidence - best)


def swapped(evidence, best, bound):
    return evidence - best, best - bound


def whole_gap(evidence, best, bound):
    return evidence - bound, evidence - best


def one_sign(evidence, best, bound):
    return bound - best, evidence - best


def averaged_gaps(evidence, best, bound):
    return torch.mean(best - bound), torch.mean(evidence - best)


def no_beta(eigenvalues, beta, sigma2):
    return torch.relu(eigenvalues - sigma2)


def divided_by_beta(eigenvalues, beta, sigma2):
    return torch.relu(beta * eigenvalues - sigma2) / beta


def not_cut_off(eigenvalues, beta, sigma2):
    return eigenvalues - sigma2 * beta


def not_squared(eigenvalues, beta, sigma2):
    return torch.relu(eigenvalues - beta * sigma2) ** 0.5


def singular_values(eigenvalues, beta, sigma2):
    return torch.relu(eigenvalues**0.5 - beta * sigma2)


def deviation(eigenvalues, beta, sigma2):
    return torch.relu(eigenvalues - beta * sigma2**0.5)


def no_shrinkage(eigenvalues, beta, sigma2):
    return torch.where(eigenvalues > beta * sigma2, eigenvalues, 0.0)


RIGHT = {
    "06.1": lambda output, H: (output[:, :H], output[:, H:].exp().sqrt()),
    "06.2": bound,
    "06.3": lambda evidence, best, bound: (best - bound, evidence - best),
    "06.4": lambda eigenvalues, beta, sigma2: torch.relu(eigenvalues - beta * sigma2),
}
STUBS = {"06.1": stub_1, "06.2": stub_2, "06.3": stub_3, "06.4": stub_4}
WRONG = [
    ("06.1", variance_for_scale, "is the variance"),
    ("06.1", no_exponential, "may be negative"),
    ("06.1", softplus, "Softplus"),
    ("06.1", wrong_order, "wrong order"),
    ("06.1", alternating, "alternated"),
    ("06.1", precision, "one over"),
    ("06.2", cut_off, "the gradient is not"),
    ("06.2", lost_noise, "<code>sigma2</code> is lost"),
    ("06.2", reversed_kl, "the wrong way round"),
    ("06.2", sampled_kl, "you sampled the KL"),
    ("06.2", mean_for_sum, "multiplies σ² by D"),
    ("06.2", means_for_both, "means over dimensions"),
    ("06.2", kl_added, "The KL is subtracted"),
    ("06.2", no_kl, "The KL is missing"),
    ("06.2", variance_for_noise_scale, "<code>sigma2</code> is a variance"),
    ("06.2", root_of_scale, "no root of it"),
    ("06.2", square_of_scale, "You squared"),
    ("06.2", averaged, "One ELBO per data point"),
    ("06.2", loss, "That is the loss"),
    ("06.3", reversed_signs, "The signs are reversed"),
    ("06.3", never_negative, "Leave the sign"),
    ("06.3", cut_off_below, "You cut negative gaps off"),
    ("06.3", swapped, "You swapped them"),
    ("06.3", whole_gap, "the whole gap"),
    ("06.3", one_sign, "has the wrong sign"),
    ("06.3", averaged_gaps, "One value per data point"),
    ("06.4", no_beta, "Where is β"),
    ("06.4", divided_by_beta, "multiply by β"),
    ("06.4", not_cut_off, "cannot be negative"),
    ("06.4", not_squared, "These are the lengths"),
    ("06.4", singular_values, "singular values"),
    ("06.4", deviation, "a standard deviation"),
    ("06.4", no_shrinkage, "with all their variance"),
]


# --- The references ---------------------------------------------------------------------------


@given(st.integers(0, 9999), st.integers(1, 3))
@few
def test_the_head_is_that_of_the_librarys_encoder(seed, H):
    torch.manual_seed(seed)
    encoder, x = vae.Encoder(4, H, (5,)), torch.randn(7, 4)
    with torch.no_grad():
        mean, scale = lesson.encoder_head(encoder.network(x), H)
        q = encoder(x)
    torch.testing.assert_close(mean, q.mean)
    torch.testing.assert_close(scale, q.stddev)


@given(st.integers(0, 9999))
@few
def test_the_elbo_is_the_librarys_with_its_gradients(seed):
    torch.manual_seed(seed)
    decoder, x = vae.Decoder(2, 3, (4,), sigma2=0.3).double(), torch.randn(6, 3).double()
    mean, scale = torch.randn(6, 2).double(), torch.rand(6, 2).double() + 0.1
    torch.manual_seed(seed)
    sigma2 = decoder.log_sigma2.detach().exp()
    leaves = [leaf.requires_grad_() for leaf in (mean, scale, sigma2)]
    ours = lesson.elbo(x, mean, scale, lambda z: decoder(z).mean, sigma2)
    torch.manual_seed(seed)
    theirs = vae.elbo(x, always(mean, scale), decoder)
    torch.testing.assert_close(ours, theirs)
    slopes = torch.autograd.grad(ours.sum(), leaves)
    wanted = torch.autograd.grad(theirs.sum(), (mean, scale, decoder.log_sigma2))
    in_log = slopes[2] * sigma2  # the library's parameter is log sigma2
    torch.testing.assert_close((*slopes[:2], in_log), wanted)


def test_a_negative_gap_of_either_kind_must_stay():
    for answer in (
        lambda evidence, best, bound: (best - bound, torch.relu(evidence - best)),
        lambda evidence, best, bound: (torch.relu(best - bound), evidence - best),
    ):
        assert examine(EXERCISES["06.3"], answer).kind == "wrong"


def test_another_right_elbo_is_right():
    assert examine(EXERCISES["06.2"], torch_sampled).kind == "right"


def unsummed_kl(x, mean, scale, decode, sigma2):
    q = Normal(mean, scale)
    fit = Normal(decode(q.rsample()), sigma2**0.5).log_prob(x).sum(1)
    return fit[:, None] - torch.distributions.kl_divergence(q, Normal(0.0, 1.0))


def misspelt(x, mean, scale, decode, sigma2):
    q = Normal(mean, scale)
    return q.log_porb(x)


def without_any_gradient(x, mean, scale, decode, sigma2):
    return bound(x, mean, scale, decode, sigma2).detach()


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (unsummed_kl, "Expected shape (6,), got (6, 2)."),
        (misspelt, "<code>return q.log_porb(x)</code>"),
        (without_any_gradient, "its gradient in <code>mean</code> is not. Off by"),
        (lambda *case: (lesson.elbo(*case), 0.0), "Expected a tensor, got tuple."),
        (lambda x, mean, *_: mean.mul_(2).sum(1), "changes its input in place"),
    ],
)
def test_the_elbo_is_told_of_its_own_lines_and_shapes(answer, says):
    assert says in examine(EXERCISES["06.2"], answer).message


def always(mean, scale):
    """An encoder that gives this q whatever x is."""
    encoder = torch.nn.Module()
    encoder.forward = lambda x: Independent(Normal(mean, scale), 1)
    return encoder


@given(st.integers(0, 9999), st.floats(0.05, 3), st.floats(0.25, 4))
@few
def test_the_lengths_are_those_of_the_best_ppca_at_that_noise(seed, sigma2, beta):
    """Of all squared lengths on a fine grid the likelihood of N(0, diag(w^2 + s)) likes these best."""
    spread = 2 * torch.rand(5, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    s, squared = beta * sigma2, torch.linspace(0, 3, 30_001, dtype=torch.float64)
    gain = -((squared + s).log() + spread[:, None] / (squared + s)) / 2
    best = squared[gain.argmax(1)]
    ours = lesson.squared_lengths(spread, beta, sigma2)
    torch.testing.assert_close(ours, best, rtol=0, atol=1.1e-4)


def test_the_digits_have_these_active_units():
    eigenvalues = pca.spectrum(data.digits().train)[1]
    lengths = [lesson.squared_lengths(eigenvalues, 1.0, s) for s in (0.1, 0.2, 0.3, 0.5, 0.6, 32.0)]
    assert [(squares > 0).sum() for squares in lengths] == [12, 6, 4, 3, 2, 0]


@given(st.integers(0, 9999), st.floats(0.1, 2))
@few
def test_the_linear_elbo_is_the_expectation_over_z(seed, beta):
    torch.manual_seed(seed)
    encoder, decoder = vae.Encoder(3, 2).double(), vae.Decoder(2, 3, sigma2=0.4).double()
    x = torch.randn(4, 3).double()
    with torch.no_grad():
        q, W = encoder(x), decoder.network[0].weight
        kl = torch.distributions.kl_divergence(q.base_dist, Normal(0.0, 1.0)).sum(1)
        # E log N(x | Wz + mu, s I) = log N(x | Wm + mu, s I) - Tr[W V W^T] / 2s
        spread = torch.einsum("dh,nh,dh->n", W, q.variance, W) / (2 * decoder.sigma2)
        at_mean = MultivariateNormal(decoder(q.mean).mean, decoder.sigma2 * torch.eye(3).double())
        expected = at_mean.log_prob(x) - spread - beta * kl
        ours = lesson.linear_elbo(x, encoder, decoder, beta)
    torch.testing.assert_close(ours, expected, rtol=1e-6, atol=1e-6)


@given(st.integers(0, 99))
@settings(few, max_examples=3)
def test_the_linear_vae_ends_at_ppca(seed):
    torch.manual_seed(seed)
    scales = torch.tensor([2.0, 1.2, 0.5, 0.4]).double()
    x = torch.randn(300, 4).double() * scales
    encoder, decoder = vae.Encoder(4, 2).double(), vae.Decoder(2, 4, sigma2=0.5).double()
    lesson.fit_linear(x, encoder, decoder)
    learned = lesson.linear_elbo(x, encoder, decoder).mean().item()
    closed = ppca.fit(x, 2)
    assert learned == pytest.approx(closed.log_evidence(x).mean().item(), abs=1e-3)
    W = decoder.network[0].weight.detach()
    assert (W.T @ W)[0, 1].abs() < 0.02 * (W.T @ W).diagonal().max()  # a diagonal q sees the axes


@given(st.integers(0, 9999))
@few
def test_few_points_have_the_mean_and_covariance_of_many(seed):
    torch.manual_seed(seed)
    x = torch.randn(9, 4).double() @ torch.randn(4, 4).double() + 1
    points = lesson.same_moments(x)
    assert len(points) == 8
    torch.testing.assert_close(points.mean(0), x.mean(0))
    torch.testing.assert_close(points.T.cov(correction=0), x.T.cov(correction=0))


def test_a_unit_below_the_line_has_no_kl_left():
    torch.manual_seed(0)
    x = torch.randn(300, 3).double() * torch.tensor([2.0, 0.3, 0.2]).double()
    encoder, decoder = vae.Encoder(3, 2).double(), vae.Decoder(2, 3, (), "fixed", 0.5).double()
    lesson.fit_linear(x, encoder, decoder)
    kl = lesson.kl_of_units(x, encoder).sort(descending=True).values
    assert kl[0] > 0.5 and kl[1] < 1e-3


def test_a_plain_autoencoder_learns_and_noise_makes_it_denoise():
    torch.manual_seed(0)
    x = torch.randn(400, 1) * torch.ones(1, 4)
    for noise in (0.0, 0.5):
        encoder, decoder = deep.mlp(4, (8,), 1), vae.Decoder(1, 4, (8,), "fixed")
        history = lesson.fit_autoencoder(x, encoder, decoder, num_steps=200, noise=noise)
        assert history.loss[-1] < history.loss[0] - 0.5
    noisy = x + 0.5 * torch.randn_like(x)
    with torch.no_grad():
        cleaned = decoder(encoder(noisy)).mean
    assert (cleaned - x).square().mean() < 0.6 * (noisy - x).square().mean()


# --- Explorers --------------------------------------------------------------------------------


def tiny(likelihood="bernoulli"):
    """An encoder and a decoder of 64 pixels, untrained."""
    torch.manual_seed(0)
    return vae.Encoder(64, 2, (4,)), vae.Decoder(2, 64, (4,), likelihood)


def explore_latent():
    digits = data.digits()
    return lesson.explore_latent(*tiny(), (digits.train > 0.5).float(), digits.train_labels)


@pytest.mark.parametrize("make", [lesson.explore_gaps, explore_latent, lesson.explore_collapse])
def test_every_corner_is_a_frame_that_can_be_read(make):
    assert not faults(make())


def test_the_parts_of_the_ring_sum_and_none_is_negative():
    for gaps in lesson.ring_gaps().values():
        total = gaps.elbo + gaps.amortisation + gaps.approximation
        torch.testing.assert_close(total, gaps.evidence)
        assert gaps.amortisation.min() > -1e-6 and gaps.approximation.min() > -1e-6
    # The ring is a mirror image of itself, so its best Gaussians are too.
    torch.testing.assert_close(gaps.approximation, gaps.approximation.flip(0), atol=2e-3, rtol=0)
    assert gaps.approximation[5].item() == pytest.approx(0.132, abs=5e-3)


gap_explorer = functools.cache(lesson.explore_gaps)
collapse_explorer = functools.cache(lesson.explore_collapse)


@given(st.sampled_from(lesson.WIDTHS), st.integers(0, 180))
@few
def test_the_bar_is_stacked_without_holes(width, half):
    frame = gap_explorer().update(width=width, angle=2 * half)
    parts = [frame[name] for name in ("elbo", "amortisation", "approximation")]
    for lower, upper in itertools.pairwise(parts):
        assert lower[1] + lower[3] == pytest.approx(upper[1])
    assert parts[-1][1] + parts[-1][3] == pytest.approx(frame["evidence"][1][0])


def test_the_image_is_what_z_decodes_to():
    encoder, decoder = tiny()
    digits = data.digits()
    explorer = lesson.explore_latent(encoder, decoder, digits.train.float(), digits.train_labels)
    frame = explorer.frame(z_1=1.0, z_2=-2.0)
    with torch.no_grad():
        pixels = torch.sigmoid(decoder.network(torch.tensor([1.0, -2.0])))
    torch.testing.assert_close(torch.from_numpy(frame["image"]).flatten(), pixels)


@given(st.floats(-2, 1.5), st.floats(0.25, 4))
@settings(few, max_examples=10)
def test_the_decoded_images_are_the_posterior_means_of_ppca(power, beta):
    digits, sigma2 = data.digits(), 10**power
    frame = collapse_explorer().update(sigma2=sigma2, beta=beta)
    mean, eigenvalues, eigenvectors = pca.spectrum(digits.train)
    length = (eigenvalues[:16] - beta * sigma2).clamp(min=0).sqrt()
    model = ppca.PPCA(eigenvectors[:, :16] * length, mean, beta * sigma2)
    x = digits.test[[0, 1, 2, 4]]
    decoded = model.posterior(x).mean @ model.W.T + mean
    torch.testing.assert_close(torch.from_numpy(frame["images"][:8, 10:18]), decoded[0].view(8, 8))
    assert f"{(length > 0).sum()} of 16" in frame["label"]


# --- Questions and figures --------------------------------------------------------------------


def test_every_question_has_one_right_answer_and_every_option_a_reason():
    polls = [lesson.recall(k) for k in (1, 2, 3)]
    polls += [lesson.poll_new_point(), lesson.poll_collapse(), lesson.predict_gaps().poll]
    for poll in polls:
        assert sum(option.right for option in poll.options) == 1
        assert all(option.why for option in poll.options)


def test_figures_can_be_read_and_describe_themselves_with_numbers():
    torch.manual_seed(0)
    x = data.arc(300).x.float()
    gap = torch.linspace(1e-4, 1, 300).double() ** 8
    images = torch.rand(6, 64)
    makers = [
        lambda: lesson.plot_arc(vae.Decoder(1, 2, (4,), sigma2=0.1), x),
        lambda: lesson.plot_seam(x, gap),
        lambda: lesson.plot_images({"a long name": images, "b": images}, "Rows", "Six images"),
        lambda: lesson.plot_traversal(tiny()[1]),
        lambda: lesson.plot_textbook([3.0, 1.0] * 100, 100, -0.543),
    ]
    alts = []
    for make in makers:
        with drawn_texts() as texts:
            alts.append(make().alt)
        assert not unreadable(texts)
    assert "total variation" in alts[0]
    assert f"mean {gap.mean():.4f}" in alts[1] and "up to 1.0 nats" in alts[1]
    assert "ink 0." in alts[3]
    assert "median over five seeds is ELBO -0.751 and evidence -0.569" in alts[4]
    assert "is at -2.000 after 100" in alts[4]


def test_what_is_stored_is_five_runs_and_no_bound_is_above_its_evidence():
    textbook, collapse = torch.tensor(lesson.TEXTBOOK), torch.tensor(lesson.COLLAPSE)
    assert textbook.shape == (5, len(lesson.TEXTBOOK_EPOCHS), 2) and collapse.shape == (5, 2, 2)
    assert (textbook[..., 0] < textbook[..., 1]).all()
