"""5, the bound by carrying q's masses over the grid: exercise 13.6."""

from course_utils.kit import Exercise, Mistake
from course_utils.lessons.draws import normal


def bound_on_grid(start, moves, u, log_lik, dt):
    """start: (G,), masses of X_0. moves: (T, G, G), q's steps. u: (T, G). log_lik: (T, G)."""
    mass, bound = start, 0.0
    for k in range(len(moves)):
        bound = bound - 0.5 * dt * (mass @ u[k].square())  # paid where the step begins
        mass = mass @ moves[k]
        bound = bound + mass @ log_lik[k]
    return bound


def _bound(half=0.5, time=True, late=False, early=False, turned=False, frozen=False, mean=False):
    def attempt(start, moves, u, log_lik, dt):
        mass, bound = start, 0.0
        for k in range(len(moves)):
            after = (moves[k] @ mass) if turned else mass @ moves[k]
            pays, sees = (after if late else mass), (mass if early else after)
            bound = bound - half * (dt if time else 1) * (pays @ u[k].square()) + sees @ log_lik[k]
            mass = mass if frozen else after
        return bound / len(moves) if mean else bound

    return attempt


def _log_outside(start, moves, u, log_lik, dt):
    mass, bound = start, 0.0
    for k in range(len(moves)):
        bound = bound - 0.5 * dt * (mass @ u[k].square())
        mass = mass @ moves[k]
        bound = bound + (mass @ log_lik[k].exp()).log()
    return bound


def _mean_push(start, moves, u, log_lik, dt):
    mass, bound = start, 0.0
    for k in range(len(moves)):
        bound = bound - 0.5 * dt * (mass @ u[k]).square()
        mass = mass @ moves[k]
        bound = bound + mass @ log_lik[k]
    return bound


def _steps(num_steps: int, seed: int, dt: float):
    moves = normal(num_steps, 5, 5, seed=seed).softmax(-1)
    start = normal(5, seed=seed + 1).softmax(0)
    score = normal(num_steps, 5, seed=seed + 3) - 1
    score[0] = 0.0
    return start, moves, normal(num_steps, 5, seed=seed + 2), score, dt


Exercise(
    "13.6",
    bound_on_grid,
    cases=[_steps(3, 0, 0.2), _steps(4, 20, 0.5)],
    mistakes=[
        Mistake(_bound(half=1.0), "The price of a push is half its square."),
        Mistake(_bound(time=False), "A step's price is ½u² times dt."),
        Mistake(_bound(late=True), "A step is paid for where it begins: before the mass moves."),
        Mistake(
            _bound(early=True), "log_lik belongs to the end of the step: after the mass moves."
        ),
        Mistake(_bound(turned=True), "Rows are where a step begins: mass @ moves[k]."),
        Mistake(_bound(frozen=True), "The mass must be carried on from step to step."),
        Mistake(_bound(mean=True), "A sum over the steps, not their mean."),
        Mistake(
            _log_outside, "𝓛 has the mean of the logarithm; you took the logarithm of the mean."
        ),
        Mistake(_mean_push, "The mean of u², not the square of the mean of u."),
    ],
    nudge="Carry q's masses along, step by step. Which masses pay the step's u, and which see its data?",
    formula="$$\\mathcal L=\\sum_k\\Big(-\\tfrac12dt\\sum_xq_k(x)\\,u_k(x)^2+\\sum_xq_{k+1}(x)"
    "\\log p(y_{k+1}\\mid x)\\Big)$$ $$q_{k+1}(x')=\\sum_xq_k(x)\\,q(x'\\mid x)$$",
)
