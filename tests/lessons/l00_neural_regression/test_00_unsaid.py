from shared_00 import points


def test_the_question_of_what_lies_beyond_has_the_range_of_the_data():
    z, _ = points()
    assert (round(z.min().item(), 1), round(z.max().item(), 1)) == (-3.6, 3.4)
