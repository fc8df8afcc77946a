"""The colours of this lesson's figures."""

from course_utils.kit import style

ROLE_NAMES = ("data", "prior", "truth", "q", "model")
DATA, PRIOR, TRUTH, Q, MODEL = (style.ROLES[role] for role in ROLE_NAMES)
BOUND, GAP, GAP_TEXT = "#56B4E9", "#E69F00", "#8a5a00"  # fills: the ELBO, and what it lacks
