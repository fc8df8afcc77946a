"""2, which q for many samples: two with one ELBO gap, and exercise 08.2 on how far weights reach."""

import ipywidgets as widgets
import torch
from torch import Tensor

from course_utils import exact
from course_utils.kit import Exercise, Explorer, Mistake, Option, predict, style
from course_utils.kit.poll import Prediction
from course_utils.lessons.draws import normal
from course_utils.lessons.l08_beyond_the_elbo.cases import NODES, standard

TRUTH, Q, GAP = (style.ROLES[name] for name in ("truth", "q", "gap"))
COUNTS = (1, 2, 3, 5, 6, 7, 8, 10, 20, 50, 100)


def predict_same_elbo() -> Prediction:
    """Ask which of two q with the same ELBO gap profits from 100 samples, then count."""
    question = (
        "The posterior is N(0, 1). q = N(0.5, 1.2²) and q = N(0.5, 0.8²) have the same ELBO gap, "
        "0.163 and 0.168 nats. With the mean of 100 weights under the logarithm …"
    )
    options = [
        Option(
            "the narrow q is closer",
            False,
            "It sits where the mass is; but a tail that q misses returns as a rare, huge weight.",
        ),
        Option("both are equally close", False, "Only the ELBO saw them as equal."),
        Option(
            "the wide q is closer",
            True,
            "Its weights are bounded. Where the narrow q hardly ever looks, w grows without limit.",
        ),
    ]
    return predict(question, options, explore_same_elbo())


def explore_same_elbo() -> Explorer:
    """Two q beside the posterior, and their exact gaps for K samples."""
    pairs = {"wide": (0.5, 1.2), "narrow": (0.5, 0.8)}
    gaps = {
        name: {K: -exact.log_mean(*standard(*pair), K).item() for K in COUNTS}
        for name, pair in pairs.items()
    }
    heights = {name: standard(*pair)[1] for name, pair in pairs.items()}

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1.2, 1])
        left.plot(NODES, standard(0.0, 1.0)[1], **TRUTH.line)
        left.plot(NODES, heights["wide"], **Q.line)
        left.plot(NODES, heights["narrow"], **Q.line | {"linestyle": ":"})
        left.set(xlim=(-4, 5), ylim=(0, 0.72), xlabel="latent z", ylabel="density")
        left.set_title("Same ELBO …")
        left.text(-3.9, 0.65, "— posterior", color=TRUTH.ink)
        left.text(-3.9, 0.58, "- - wide q  ···· narrow q", color=Q.ink)
        right.set(ylim=(1e-4, 1), yscale="log", xlim=(-0.6, 1.6), ylabel="gap, nats")
        right.set_xticks([0, 1], ["wide", "narrow"])
        right.set_title("… not the same bound")
        bars = right.bar([0, 1], [1, 1], 0.6, **GAP.area)
        texts = [right.text(i, 1, "", color=GAP.ink, ha="center", va="bottom") for i in (0, 1)]
        return fig, {
            "wide": bars[0],
            "narrow": bars[1],
            "wide gap": texts[0],
            "narrow gap": texts[1],
        }

    def update(K: int) -> dict:
        wide, narrow = gaps["wide"][K], gaps["narrow"][K]
        return {
            "wide": (-0.3, 1e-4, 0.6, wide - 1e-4),
            "narrow": (0.7, 1e-4, 0.6, narrow - 1e-4),
            "wide gap": (0, wide * 1.1, f"{wide:.4f}"),
            "narrow gap": (1, narrow * 1.1, f"{narrow:.4f}"),
            "alt": f"With K = {K} samples the gap of the wide q is {wide:.4f} nats, that of the "
            f"narrow q {narrow:.4f}.",
        }

    control = widgets.SelectionSlider(options=COUNTS, value=1, description="samples K")
    return Explorer(scene, update, {"K": control}, [{"K": K} for K in (1, 10, 100)])


def tail_index(covariance: Tensor, variances: Tensor) -> Tensor:
    """1 / the power up to which E_q[w^a] is finite, for p = N(m, covariance) and
    q = N(m, diag(variances)); 0 if every power is."""
    scale = variances.sqrt()
    relative = scale[:, None] * torch.linalg.inv(covariance) * scale  # precision, q made round
    return (1 - torch.linalg.eigvalsh(relative)[0]).clamp(min=0)


def _scaled(covariance: Tensor, variances: Tensor) -> Tensor:
    scale = variances.sqrt()
    return torch.linalg.eigvalsh(scale[:, None] * torch.linalg.inv(covariance) * scale)


_FACTOR = normal(3, 3) + torch.eye(3, dtype=torch.float64)
_COVARIANCE = _FACTOR @ _FACTOR.T
_NARROW = 1 / torch.linalg.inv(_COVARIANCE).diagonal()
Exercise(
    "08.2",
    tail_index,
    cases=[
        (_COVARIANCE, _NARROW),
        (_COVARIANCE, _NARROW * torch.tensor([0.5, 2.0, 1.5], dtype=torch.float64)),
        (_COVARIANCE, 2 * torch.linalg.eigvalsh(_COVARIANCE)[-1].expand(3)),  # covers: 0
    ],
    mistakes=[
        Mistake(
            lambda c, v: 1 / (1 - _scaled(c, v)[0]).clamp(min=0),
            "This is the largest power a; the index is 1/a.",
        ),
        Mistake(
            lambda c, v: 1 - _scaled(c, v)[0],
            "Right where q is too narrow. Where q is wider than p in every direction, every power "
            "is finite, and the index is 0, not below.",
        ),
        Mistake(
            lambda c, v: (1 - _scaled(c, v)[-1]).clamp(min=0),
            "The largest eigenvalue is the direction that q covers best. One bad direction is "
            "enough to make the integral infinite.",
        ),
        Mistake(
            lambda c, v: (1 - v.min() * torch.linalg.eigvalsh(torch.linalg.inv(c))[0]).clamp(min=0),
            "Eigenvalues of the two matrices apart: their directions differ. Make q round first, "
            "by scaling every latent with its standard deviation.",
        ),
        Mistake(
            lambda c, v: (1 - v / c.diagonal()).max().clamp(min=0),
            "Each latent alone, against its marginal. The integral is infinite as soon as some "
            "oblique direction is too narrow, and those are the worst.",
        ),
        Mistake(
            lambda c, v: (1 - 1 / _scaled(c, v)[-1]).clamp(min=0),
            "Upside down: where p is narrower than q, nothing is lost.",
        ),
    ],
    nudge="w^a q is the exponential of a quadratic form. Its matrix must be positive definite: write "
    "it with the two precisions, then divide by a.",
    formula="$$a\\Sigma^{-1} + (1-a)V^{-1} \\succ 0 \\iff \\tfrac1a > 1 - \\lambda_{\\min}\\big("
    "V^{1/2}\\Sigma^{-1}V^{1/2}\\big),\\qquad a > 0$$",
)
