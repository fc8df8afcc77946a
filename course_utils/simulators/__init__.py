"""Models that one can run and not evaluate, and inference that asks for no more.

ricker, unknown_gaussian  – two simulators whose exact posteriors are known all the same
chain                     – the Ricker map's populations on a grid
summaries                 – what a method is shown of a series
npe                       – a conditional flow, fitted to simulated pairs
rejection                 – approximate Bayesian computation, synthetic likelihood
calibration               – ranks and coverage
outside                   – an answer for a series from outside
"""

from course_utils.simulators import (
    calibration,
    chain,
    npe,
    outside,
    rejection,
    ricker,
    summaries,
    unknown_gaussian,
)
from course_utils.simulators.ricker import Ricker

__all__ = [
    "Ricker",
    "calibration",
    "chain",
    "npe",
    "outside",
    "rejection",
    "ricker",
    "summaries",
    "unknown_gaussian",
]
