import pytest
from shared_01 import well_posed

from course_utils.lessons.l01_pca_autoencoder.recall import recall


@pytest.mark.parametrize("number", [1, 2, 3])
def test_every_question_has_one_right_answer_and_every_option_a_reason(number):
    assert well_posed(recall(number))
