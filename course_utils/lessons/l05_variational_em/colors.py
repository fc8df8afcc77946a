"""The colours of this lesson's figures."""

from course_utils.kit import style

ROLE_NAMES = ("data", "prior", "truth", "q", "model", "bound", "gap", "approximation")
DATA, PRIOR, TRUTH, Q, MODEL, BOUND, GAP, APPROXIMATION = (style.ROLES[role] for role in ROLE_NAMES)
