import pytest
from shared_03 import well_posed

from course_utils.lessons.l03_em_elbo.recall import recall


@pytest.mark.parametrize("number", [1, 2, 3])
def test_every_question_has_one_right_answer_and_every_option_a_reason(number):
    assert well_posed(recall(number))
