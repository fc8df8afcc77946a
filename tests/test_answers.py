"""Every exercise of every lesson, with the answers that its lesson's tests bring.

A lessons/NAME/answers_NN.py has RIGHT {key: an answer unlike the reference}, STUBS {key: the stub}
and WRONG [(key, a wrong answer as a student would write it, words of the message it must get)].
"""

import importlib
import itertools
import re
import sys
from collections import Counter
from pathlib import Path

import pytest

from course_utils.kit import hint, solution
from course_utils.kit.examine import examine
from course_utils.kit.exercise import EXERCISES

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("lessons/*/answers_*.py"))
sys.path += sorted({str(file.parent) for file in FILES})
for folder in sorted({file.parent.name for file in FILES}):
    importlib.import_module(f"course_utils.lessons.{folder}")  # registers its exercises
LESSONS = [importlib.import_module(file.stem) for file in FILES]
RIGHT = {key: answer for lesson in LESSONS for key, answer in lesson.RIGHT.items()}
STUBS = {key: answer for lesson in LESSONS for key, answer in lesson.STUBS.items()}
WRONG = [row for lesson in LESSONS for row in lesson.WRONG]


def test_every_exercise_is_tried_with_a_right_answer_a_stub_and_three_wrong_ones():
    assert {key for key in EXERCISES if key < "90"} == set(RIGHT) == set(STUBS)
    tried = Counter(key for key, _, _ in WRONG)
    assert all(tried[key] >= 3 for key in RIGHT), tried


@pytest.mark.parametrize("key", RIGHT)
def test_the_solution_and_other_right_answers_pass(key):
    assert examine(EXERCISES[key], EXERCISES[key].reference).kind == "right"
    assert examine(EXERCISES[key], RIGHT[key]).kind == "right"


@pytest.mark.parametrize("key", STUBS)
def test_the_stub_is_open(key):
    assert examine(EXERCISES[key], STUBS[key]).kind == "open"


@pytest.mark.parametrize(
    ("key", "answer", "says"), WRONG, ids=[f"{key} {answer.__name__}" for key, answer, _ in WRONG]
)
def test_a_mistake_gets_its_own_message(key, answer, says):
    outcome = examine(EXERCISES[key], answer)
    assert outcome.kind == "mistake" and says in outcome.message


@pytest.mark.parametrize("key", RIGHT)
def test_no_two_mistakes_are_taken_for_each_other(key):
    mistakes = EXERCISES[key].mistakes
    assert len(mistakes) >= 3
    for mistake in mistakes:
        assert examine(EXERCISES[key], mistake.answer).message == mistake.message
    for one, other in itertools.combinations(mistakes, 2):
        assert one.message != other.message


@pytest.mark.parametrize("key", RIGHT)
def test_hint_and_solution_can_be_shown(key):
    shown = hint(key).data
    assert set(re.findall(r"</?([a-z]+)", shown)) <= {"details", "summary", "code", "br"}
    assert not re.search(r"[`*]", re.sub(r"\$\$.*?\$\$|\$.*?\$|<code>.*?</code>", "", shown))
    assert EXERCISES[key].reference.__name__ in solution(key).data
