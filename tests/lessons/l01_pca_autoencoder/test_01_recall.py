import pytest
from shared_01 import well_posed

from course_utils.lessons.l01_pca_autoencoder.line import cloud, predict_rotation
from course_utils.lessons.l01_pca_autoencoder.penalty import poll_columns
from course_utils.lessons.l01_pca_autoencoder.recall import recall
from course_utils.lessons.l01_pca_autoencoder.saddles import predict_plateaus


@pytest.mark.parametrize("number", [1, 2, 3])
def test_every_question_has_one_right_answer_and_every_option_a_reason(number):
    assert well_posed(recall(number))


def test_the_right_answer_has_no_usual_place():
    polls = [recall(1), recall(2), recall(3), predict_rotation(cloud()).poll]
    polls += [predict_plateaus().poll, poll_columns()]
    places = [[option.right for option in poll.options].index(True) for poll in polls]
    places.append(2)  # the poll on the axes, which takes a trained network
    assert max(map(places.count, places)) <= len(places) / 2
    assert well_posed(poll_columns())
