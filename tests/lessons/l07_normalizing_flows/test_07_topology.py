from shared_07 import ill_posed, shown, small_flow

from course_utils.lessons.l07_normalizing_flows.topology import plot_bridge, poll_topology
from course_utils.lessons.l07_normalizing_flows.truths import log_ring


def test_its_question_has_one_right_answer_and_every_option_a_reason():
    assert not ill_posed(poll_topology())


def test_the_bridges_figure_can_be_read_and_describes_itself_with_numbers():
    assert "10 to the -21" in shown(lambda: plot_bridge(small_flow(), log_ring))
