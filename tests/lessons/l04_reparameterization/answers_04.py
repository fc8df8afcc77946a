"""The exercises of lesson 04: right answers, the stubs, and wrong ones as a student would write them."""

import math

import torch
from torch.distributions import Poisson


def stub_1(slope, mu, log_variance, eps):
    raise NotImplementedError


def stub_2(log_joint, log_rate, z):
    raise NotImplementedError


def stub_3(reward, score):
    raise NotImplementedError


def stub_4(var_path, var_score, covariance):
    raise NotImplementedError


def stub_5(mu, num_samples):
    return ..., ..., ...


def stub_6(slope, at, height, mu, scale, eps):
    raise NotImplementedError


def elbo_with_entropy(slope, mu, log_variance, eps):
    s = math.exp(0.5 * log_variance)
    g = slope(mu + eps * s)
    return g, (g * eps * s + 1) / 2


def entropy_forgotten(slope, mu, log_variance, eps):
    s = torch.exp(log_variance / 2)
    return slope(mu + s * eps), slope(mu + s * eps) * eps * s / 2


def in_log_scale(slope, mu, log_variance, eps):
    s = torch.exp(log_variance / 2)
    return slope(mu + s * eps), slope(mu + s * eps) * eps * s + 1


def in_scale(slope, mu, log_variance, eps):
    s = log_variance.exp() ** 0.5
    return slope(mu + s * eps), slope(mu + s * eps) * eps + 1 / s


def entropy_in_log_scale(slope, mu, log_variance, eps):
    s = log_variance.exp() ** 0.5
    return slope(mu + s * eps), slope(mu + s * eps) * eps * s / 2 + 1


def entropy_turned_round(slope, mu, log_variance, eps):
    s = log_variance.exp() ** 0.5
    return slope(mu + s * eps), slope(mu + s * eps) * eps * s / 2 - 1 / 2


def through_z_only(slope, mu, log_variance, eps):
    s = log_variance.exp() ** 0.5
    z = mu + s * eps
    whole = slope(z) + (z - mu) / s**2
    return whole, whole * s * eps / 2


def log_q_at_fixed_z(slope, mu, log_variance, eps):
    s = log_variance.exp() ** 0.5
    z = mu + s * eps
    in_log_variance = ((z - mu) ** 2 / s**2 - 1) / 2
    return slope(z) - (z - mu) / s**2, slope(z) * s * eps / 2 - in_log_variance


def half_the_chain_rule(slope, mu, log_variance, eps):
    s = log_variance.exp() ** 0.5
    return slope(mu + s * eps), (slope(mu + s * eps) * eps + 1) / 2


def variance_as_scale(slope, mu, log_variance, eps):
    return elbo_with_entropy(slope, mu, 2 * log_variance, eps)


def variance_throughout(slope, mu, log_variance, eps):
    own = torch.stack([mu, log_variance]).expand(len(eps), 2).clone().requires_grad_()
    width = own[:, 1].exp()
    z = own[:, 0] + width * eps
    (slopes,) = torch.autograd.grad((slope(z.detach()) * z + width.log()).sum(), own)
    return slopes[:, 0], slopes[:, 1]


def variance_in_z(slope, mu, log_variance, eps):
    variance = torch.exp(log_variance)
    moved = slope(mu + variance * eps)
    return moved, moved * variance * eps + 0.5


def averaged(slope, mu, log_variance, eps):
    one, two = elbo_with_entropy(slope, mu, log_variance, eps)
    return one.mean(), two.mean()


def count_by_autograd(log_joint, log_rate, z, detach=True):
    own = torch.full_like(z, log_rate.item()).requires_grad_()
    log_q = Poisson(own.exp()).log_prob(z)
    reward = log_joint(z) - log_q
    reward = reward.detach() if detach else reward
    return torch.autograd.grad((reward * log_q).sum(), own)[0]


def log_poisson(log_rate, z):
    return z * log_rate - log_rate.exp() - torch.lgamma(z + 1)


def reward_not_detached(log_joint, log_rate, z):
    return count_by_autograd(log_joint, log_rate, z, detach=False)


def averaged_score(log_joint, log_rate, z):
    return count_by_autograd(log_joint, log_rate, z).mean()


def reward_only(log_joint, log_rate, z):
    return log_joint(z) - log_poisson(log_rate, z)


def turned_round(log_joint, log_rate, z):
    return reward_only(log_joint, log_rate, z) * (log_rate.exp() - z)


def in_the_rate(log_joint, log_rate, z):
    rate = torch.exp(log_rate)
    return (log_joint(z) - Poisson(rate).log_prob(z)) * (z - rate) / rate


def normaliser_forgotten(log_joint, log_rate, z):
    return reward_only(log_joint, log_rate, z) * z


def as_for_a_gaussian(log_joint, log_rate, z):
    return reward_only(log_joint, log_rate, z) * (z - log_rate.exp()) / (0.5 * log_rate).exp()


def mean_is_a(log_joint, log_rate, z):
    return reward_only(log_joint, log_rate, z) * (z - log_rate)


def no_factorial(log_joint, log_rate, z):
    return (log_joint(z) - (z * log_rate - log_rate.exp())) * (z - log_rate.exp())


def no_entropy(log_joint, log_rate, z):
    return log_joint(z) * (z - log_rate.exp())


def kept_the_second_term(log_joint, log_rate, z):
    score = z - log_rate.exp()
    return reward_only(log_joint, log_rate, z) * score - score


def z_held_fixed(log_joint, log_rate, z):
    own = torch.full_like(z, log_rate.item()).requires_grad_()
    value = log_joint(z) - Poisson(own.exp()).log_prob(z)
    return torch.autograd.grad(value.sum(), own)[0]


def mean_reward(reward, score):
    return reward.sum() / len(reward)


def not_squared(reward, score):
    return (reward * score).sum() / score.sum()


def not_divided(reward, score):
    return torch.mean(reward * score * score)


def one_factor_missing(reward, score):
    return torch.mean(reward * score) / torch.mean(score * score)


def by_covariance(reward, score):
    pair = torch.stack([reward * score, score])
    return pair.cov()[0, 1] / pair.cov()[1, 1]


def by_size(reward, score):
    return (reward * score.abs()).sum() / score.abs().sum()


def mix(pathwise, score, covariance):
    shared = score - covariance
    return shared / (shared + pathwise - covariance)


def as_if_independent(pathwise, score, covariance):
    return (1 / pathwise) / (1 / pathwise + 1 / score)


def more_for_the_noisier(pathwise, score, covariance):
    return pathwise / (pathwise + score)


def weight_of_the_score(pathwise, score, covariance):
    return 1 - mix(pathwise, score, covariance)


def covariance_once(pathwise, score, covariance):
    return (score - covariance) / (pathwise + score - covariance)


def covariance_added(pathwise, score, covariance):
    return (score + covariance) / (pathwise + score + 2 * covariance)


def between_zero_and_one(pathwise, score, covariance):
    return min(1.0, max(0.0, mix(pathwise, score, covariance)))


def three_means(mu, num_samples):
    return 2 * mu, 0, 2 * mu * (num_samples - 1) / num_samples


def all_right(mu, num_samples):
    return (2 * mu,) * 3


def b_right(mu, num_samples):
    return 2 * mu, 2 * mu, 2 * mu * (1 - 1 / num_samples)


def c_right(mu, num_samples):
    return 2 * mu, 0, 2 * mu


def c_mended(mu, num_samples):
    return 2 * mu, 0, 2 * mu * num_samples / (num_samples - 1)


def c_zero(mu, num_samples):
    return 2 * mu, 0, 0


def a_twice(mu, num_samples):
    return 4 * mu, 0, 2 * mu * (1 - 1 / num_samples)


def a_zero(mu, num_samples):
    return 0, 0, 2 * mu * (1 - 1 / num_samples)


def b_both(mu, num_samples):
    return 2 * mu, 4 * mu, 2 * mu * (1 - 1 / num_samples)


def b_with_a_sign(mu, num_samples):
    return 2 * mu, -2 * mu, 2 * mu


def c_the_loss(mu, num_samples):
    return 0 * mu, 4 * mu, 2 * mu / num_samples


def none_right(mu, num_samples):
    return 4 * mu, 2 * mu, 2 * mu


def density(at, mu, scale):
    return math.exp(-((at - mu) ** 2) / (2 * scale**2)) / (scale * math.sqrt(2 * math.pi))


def both_terms(slope, at, height, mu, scale, eps, in_mu=1.0, in_scale=None):
    z = mu + scale * eps
    edge = height * density(at, mu, scale)
    in_scale = (at - mu) / scale if in_scale is None else in_scale
    return slope(z) + edge * in_mu, slope(z) * eps + edge * in_scale


def blind(*arguments):
    return both_terms(*arguments, in_mu=0.0, in_scale=0.0)


def in_mu_only(*arguments):
    return both_terms(*arguments, in_scale=0.0)


def alike_in_both(*arguments):
    return both_terms(*arguments, in_scale=1.0)


def jump_turned_round(slope, at, height, mu, scale, eps):
    return both_terms(slope, at, -height, mu, scale, eps)


def turned_in_scale(slope, at, height, mu, scale, eps):
    return both_terms(slope, at, height, mu, scale, eps, in_scale=(mu - at) / scale)


def each_samples_own_noise(slope, at, height, mu, scale, eps):
    in_mu = slope(mu + scale * eps) + height * density(at, mu, scale)
    return in_mu, in_mu * eps


def times_distance(slope, at, height, mu, scale, eps):
    return both_terms(slope, at, height, mu, scale, eps, in_scale=at - mu)


def standard_density(slope, at, height, mu, scale, eps):
    return both_terms(slope, at, height * scale, mu, scale, eps)


RIGHT = {
    "04.1": elbo_with_entropy,
    "04.2": count_by_autograd,
    "04.3": lambda reward, score: (reward * score * score).sum() / score.pow(2).sum(),
    "04.4": mix,
    "04.5": three_means,
    "04.6": both_terms,
}
STUBS = {
    "04.1": stub_1,
    "04.2": stub_2,
    "04.3": stub_3,
    "04.4": stub_4,
    "04.5": stub_5,
    "04.6": stub_6,
}
WRONG = [
    ("04.1", entropy_forgotten, "alone. The ELBO has"),
    ("04.1", in_log_scale, "the gradient in log s."),
    ("04.1", in_scale, "the gradient in s."),
    ("04.1", entropy_in_log_scale, "<i>half</i>"),
    ("04.1", entropy_turned_round, "<i>more</i> entropy"),
    ("04.1", through_z_only, "through z only"),
    ("04.1", log_q_at_fixed_z, "with z held fixed"),
    ("04.1", half_the_chain_rule, "a factor s is missing"),
    ("04.1", variance_as_scale, "is the variance"),
    ("04.1", variance_throughout, "differentiated rightly"),
    ("04.1", variance_in_z, "not s: it stands"),
    ("04.1", averaged, "one gradient per sample"),
    ("04.2", reward_not_detached, "not detached"),
    ("04.2", averaged_score, "one gradient per sample"),
    ("04.2", reward_only, "the reward alone"),
    ("04.2", turned_round, "sign is turned round"),
    ("04.2", in_the_rate, "the gradient in the rate"),
    ("04.2", normaliser_forgotten, "not z alone"),
    ("04.2", as_for_a_gaussian, "divided by the standard deviation"),
    ("04.2", mean_is_a, "which is e^a, not a"),
    ("04.2", no_factorial, "lacks its −log z!"),
    ("04.2", no_entropy, "log p(x, z) − log q(z)"),
    ("04.2", kept_the_second_term, "baseline of 1 in disguise"),
    ("04.2", z_held_fixed, "with z held fixed"),
    ("04.3", mean_reward, "the usual choice"),
    ("04.3", not_squared, "never divide by it"),
    ("04.3", not_divided, "Divide by the mean squared score"),
    ("04.3", one_factor_missing, "One factor of the score is missing"),
    ("04.3", by_covariance, "allows for the mean score"),
    ("04.3", by_size, "not their absolute values"),
    ("04.4", as_if_independent, "<i>independent</i>"),
    ("04.4", more_for_the_noisier, "Two slips"),
    ("04.4", weight_of_the_score, "1 − c"),
    ("04.4", covariance_once, "counts twice"),
    ("04.4", covariance_added, "the wrong sign"),
    ("04.4", between_zero_and_one, "between 0 and 1"),
    ("04.5", all_right, "A is right. B moves"),
    ("04.5", b_right, "what is left that contains"),
    ("04.5", c_right, "part of its own baseline"),
    ("04.5", c_mended, "<i>mends</i>"),
    ("04.5", c_zero, "a part of the gradient, not all"),
    ("04.5", a_twice, "A is not twice too large"),
    ("04.5", a_zero, "A has a gradient"),
    ("04.5", b_both, "not the sum of both"),
    ("04.5", b_with_a_sign, "no sign to turn"),
    ("04.5", c_the_loss, "is what is <i>lost</i>"),
    ("04.5", none_right, "A is not twice too large"),
    ("04.6", blind, "does not see the jump"),
    ("04.6", in_mu_only, "In s the jump counts too"),
    ("04.6", alike_in_both, "at the rate"),
    ("04.6", jump_turned_round, "with a step upwards"),
    ("04.6", each_samples_own_noise, "own ε"),
    ("04.6", turned_in_scale, "In s the sign"),
    ("04.6", times_distance, "not its distance"),
    ("04.6", standard_density, "standard normal density"),
]
