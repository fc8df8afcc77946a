"""Exercises 13.1 to 13.4: right answers, stubs, and wrong ones as a student writes them."""

import torch

from course_utils.lessons import l13_latent_sde  # noqa: F401 (makes the exercises)


def stub_1(f, u, sigma, start, eps, dt):
    x = [start]
    for k in range(len(eps)):
        here = x[k]  # noqa: F841
        x.append(...)
    return torch.stack(x)


def stub_2(fit, u, eps, dt):
    return ...


def stub_3(Lambda, eta, y, s, a, v):
    raise NotImplementedError


def stub_4(Lambda, sigma, dt):
    return ...


def filled(f, u, sigma, start, eps, dt):
    x = torch.empty(len(eps) + 1, len(start), dtype=start.dtype)
    x[0] = start
    for k, noise in enumerate(eps):
        x[k + 1] = x[k] + f(x[k]) * dt + sigma * (u(k, x[k]) * dt + dt**0.5 * noise)
    return x


def stepped(step):
    def answer(f, u, sigma, start, eps, dt):
        x = [start]
        for k in range(len(eps)):
            x.append(step(f, lambda x, k=k: u(k, x), sigma, x[-1], eps[k], dt))
        return torch.stack(x)

    return answer


def one_noise(f, u, sigma, start, eps, dt):
    return filled(f, u, sigma, start, eps[:1].expand(len(eps), -1), dt)


def at_start(f, u, sigma, start, eps, dt):
    drift, x = f(start), [start]
    for k in range(len(eps)):
        move = (drift + sigma * u(k, start)) * dt
        x.append(x[-1] + move + sigma * dt**0.5 * eps[k])
    return torch.stack(x)


noise_dt = stepped(lambda f, u, s, x, e, dt: x + (f(x) + s * u(x)) * dt + s * dt * e)
noise_one = stepped(lambda f, u, s, x, e, dt: x + (f(x) + s * u(x)) * dt + s * e)
bare_u = stepped(lambda f, u, s, x, e, dt: x + (f(x) + u(x)) * dt + s * dt**0.5 * e)
no_drift = stepped(lambda f, u, s, x, e, dt: x + s * u(x) * dt + s * dt**0.5 * e)
no_dt = stepped(lambda f, u, s, x, e, dt: x + f(x) + s * u(x) + s * dt**0.5 * e)
no_push = stepped(lambda f, u, s, x, e, dt: x + f(x) * dt + s * dt**0.5 * e)
variance = stepped(lambda f, u, s, x, e, dt: x + (f(x) + s * u(x)) * dt + s**2 * dt * e)
moves = stepped(lambda f, u, s, x, e, dt: (f(x) + s * u(x)) * dt + s * dt**0.5 * e)
no_sigma = stepped(lambda f, u, s, x, e, dt: x + (f(x) + s * u(x)) * dt + dt**0.5 * e)


def by_time(f, u, sigma, start, eps, dt):
    return filled(f, lambda k, x: u(k * dt, x), sigma, start, eps, dt)


def from_one(f, u, sigma, start, eps, dt):
    return filled(f, lambda k, x: u(k + 1, x), sigma, start, eps, dt)


def by_densities(fit, u, eps, dt):
    moved = u * dt + dt**0.5 * eps
    return fit + ((dt**0.5 * eps).square() - moved.square()).sum(0) / (2 * dt)


def no_half(fit, u, eps, dt):
    return fit - (u**2 * dt).sum(0) - (u * eps).sum(0) * dt**0.5


def no_time(fit, u, eps, dt):
    return fit - (u**2).sum(0) / 2 - (u * eps).sum(0) * dt**0.5


def noise_up(fit, u, eps, dt):
    return fit - (u**2 * dt).sum(0) / 2 + (u * eps).sum(0) * dt**0.5


def no_noise(fit, u, eps, dt):
    return fit - (u**2 * dt).sum(0) / 2


def bare_eps(fit, u, eps, dt):
    return fit - (u**2 * dt).sum(0) / 2 - (u * eps).sum(0)


def dt_eps(fit, u, eps, dt):
    return fit - ((u**2 / 2 + u * eps) * dt).sum(0)


def gained(fit, u, eps, dt):
    return fit + (u**2 * dt / 2 - u * eps * dt**0.5).sum(0)


def averaged(fit, u, eps, dt):
    return fit - (u**2 * dt / 2 + u * eps * dt**0.5).mean(0)


def all_paths(fit, u, eps, dt):
    return fit - (u**2 * dt / 2 + u * eps * dt**0.5).sum()


def no_fit(fit, u, eps, dt):
    return -(u**2 * dt / 2 + u * eps * dt**0.5).sum(0)


def turned_over(fit, u, eps, dt):
    return fit + (u**2 * dt / 2 + u * eps * dt**0.5).sum(0)


def dt_squared(fit, u, eps, dt):
    return fit - ((u * dt) ** 2 / 2 + u * eps * dt**0.5).sum(0)


def as_observation(Lambda, eta, y, s, a, v):
    Lambda, eta = torch.tensor([Lambda + s**-2, eta + y * s**-2], dtype=torch.float64)
    return a * a / (1 / Lambda + v), a * (eta / Lambda) / (1 / Lambda + v)


def moved(Lambda, eta, a, v):
    return a * a * Lambda / (1 + v * Lambda), a * eta / (1 + v * Lambda)


def a_once(Lambda, eta, y, s, a, v):
    Lambda, eta = moved(Lambda + 1 / s**2, eta + y / s**2, a, v)
    return Lambda / a, eta


def a_twice(Lambda, eta, y, s, a, v):
    Lambda, eta = moved(Lambda + 1 / s**2, eta + y / s**2, a, v)
    return Lambda, eta * a


def no_shrinking(Lambda, eta, y, s, a, v):
    return moved(Lambda + 1 / s**2, eta + y / s**2, a, 0.0)


def seen_after(Lambda, eta, y, s, a, v):
    Lambda, eta = moved(Lambda, eta, a, v)
    return Lambda + 1 / s**2, eta + y / s**2


def by_scale(Lambda, eta, y, s, a, v):
    return moved(Lambda + 1 / s, eta + y / s, a, v)


def nothing_seen(Lambda, eta, y, s, a, v):
    return moved(Lambda, eta, a, v)


def v_squared(Lambda, eta, y, s, a, v):
    return moved(Lambda + 1 / s**2, eta + y / s**2, a, v * v)


def a_mean(Lambda, eta, y, s, a, v):
    Lambda, eta = moved(Lambda + 1 / s**2, eta + y / s**2, a, v)
    return Lambda, eta / Lambda


def eta_without_noise(Lambda, eta, y, s, a, v):
    precision, _ = moved(Lambda + 1 / s**2, eta, a, v)
    return precision, a * (eta + y / s**2)


def divided_by_a(Lambda, eta, y, s, a, v):
    Lambda, eta = moved(Lambda + 1 / s**2, eta + y / s**2, 1.0, v)
    return Lambda / a**2, eta / a


def y_as_it_is(Lambda, eta, y, s, a, v):
    return moved(Lambda + 1 / s**2, eta + y, a, v)


def predicted(Lambda, eta, y, s, a, v):
    Lambda, eta = Lambda + 1 / s**2, eta + y / s**2
    mean, variance = a * eta / Lambda, a**2 / Lambda + v
    return 1 / variance, mean / variance


def by_loop(Lambda, sigma, dt):
    total, model = 0.0, torch.distributions.Normal(0.0, sigma * dt**0.5)
    for precision in Lambda[1:]:
        exact = torch.distributions.Normal(0.0, (precision + model.variance**-1) ** -0.5)
        total += torch.distributions.kl_divergence(model, exact).item()
    return total


def kl(rho):
    return ((rho - 1 - torch.log(rho)) / 2).sum()


def beginnings(Lambda, sigma, dt):
    return kl(1 + Lambda[:-1] * sigma**2 * dt)


def all_of_them(Lambda, sigma, dt):
    return kl(1 + Lambda * sigma**2 * dt)


def turned(Lambda, sigma, dt):
    return kl(1 / (1 + Lambda[1:] * sigma**2 * dt))


def twice(Lambda, sigma, dt):
    return 2 * kl(1 + Lambda[1:] * sigma**2 * dt)


def mean_kl(Lambda, sigma, dt):
    return kl(1 + Lambda[1:] * sigma**2 * dt) / (len(Lambda) - 1)


def of_scale(Lambda, sigma, dt):
    return kl(1 + Lambda[1:] * sigma * dt)


def divided(Lambda, sigma, dt):
    return kl(1 + Lambda[1:] / (sigma**2 * dt))


RIGHT = {"13.1": filled, "13.2": by_densities, "13.3": as_observation, "13.4": by_loop}
STUBS = {"13.1": stub_1, "13.2": stub_2, "13.3": stub_3, "13.4": stub_4}
WRONG = [
    ("13.1", noise_dt, "standard deviation is √dt"),
    ("13.1", noise_one, "must shrink with dt"),
    ("13.1", bare_u, "enters as σu"),
    ("13.1", one_noise, "One noise for all steps"),
    ("13.1", no_drift, "own drift f"),
    ("13.1", at_start, "where the path is now"),
    ("13.1", no_dt, "are rates"),
    ("13.1", no_sigma, "dW is multiplied by σ"),
    ("13.1", no_push, "Where is the push"),
    ("13.1", by_time, "number of the step"),
    ("13.1", from_one, "k begins at 0"),
    ("13.1", variance, "multiplied by its root"),
    ("13.1", moves, "add where it was"),
    ("13.2", no_half, "Half the square"),
    ("13.2", no_time, "times its dt"),
    ("13.2", noise_up, "likelier under q"),
    ("13.2", no_noise, "the ELBO's integrand"),
    ("13.2", bare_eps, "√dt ε, not ε"),
    ("13.2", dt_eps, "√dt ε, not dt ε"),
    ("13.2", gained, "lost, not gained"),
    ("13.2", averaged, "the sum over its steps"),
    ("13.2", all_paths, "a weight of its own"),
    ("13.2", no_fit, "the steps' part alone"),
    ("13.2", turned_over, "log q less log p"),
    ("13.2", dt_squared, "One dt is left"),
    ("13.3", a_once, "its square with a²"),
    ("13.3", a_twice, "has a, not a²"),
    ("13.3", no_shrinking, "says less"),
    ("13.3", seen_after, "add it before you move back"),
    ("13.3", by_scale, "precision 1/s²"),
    ("13.3", nothing_seen, "Where is the observation"),
    ("13.3", v_squared, "a variance already"),
    ("13.3", a_mean, "The shift η"),
    ("13.3", eta_without_noise, "weakens the shift"),
    ("13.3", divided_by_a, "You divided by a"),
    ("13.3", y_as_it_is, "y/s²"),
    ("13.3", predicted, "as a filter predicts"),
    ("13.4", beginnings, "Λ at k + 1"),
    ("13.4", all_of_them, "T + 1 precisions, T steps"),
    ("13.4", turned, "not the reverse"),
    ("13.4", twice, "begins with a ½"),
    ("13.4", mean_kl, "the sum, not the mean"),
    ("13.4", of_scale, "is σ²dt"),
    ("13.4", divided, "Precisions add"),
]
