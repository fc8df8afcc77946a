import pytest
from shared_02 import well_posed

from course_utils.lessons.l02_ppca_posterior.recall import recall


@pytest.mark.parametrize("number", [1, 2, 3])
def test_every_question_has_one_right_answer_and_every_option_a_reason(number):
    assert well_posed(recall(number))
