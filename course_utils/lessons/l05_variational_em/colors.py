"""The colours of this lesson's figures."""

from course_utils.kit import style

ROLE_NAMES = ("data", "prior", "truth", "q", "model", "bound", "gap")
DATA, PRIOR, TRUTH, Q, MODEL, BOUND, GAP = (style.ROLES[role] for role in ROLE_NAMES)
