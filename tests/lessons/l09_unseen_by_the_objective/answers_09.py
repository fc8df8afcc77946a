"""Lesson 09's exercises: right answers, stubs, and wrong ones as a student would write them."""

from course_utils.lessons import l09_unseen_by_the_objective  # noqa: F401 (makes the exercises)

RIGHT: dict = {}
STUBS: dict = {}
WRONG: list = []
