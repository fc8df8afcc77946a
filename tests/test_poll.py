import ast
import html
import re
from html.parser import HTMLParser
from pathlib import Path

import ipywidgets as widgets
import pytest

from course_utils.kit import Option, Poll, alive, predict

QUESTION = "Is 1 < 2 & 2 < 3?"
OPTIONS = [
    Option("no <b>way</b>", False, "1 < 2 <script>alert(1)</script>"),
    Option("yes", True, "both & each"),
    Option("perhaps", False, "numbers do not wait"),
]


class Demo:
    def __init__(self):
        self.widget = widgets.HTML("the demo")

    def still(self):
        return "<p>the demo's still</p>"


class Page(HTMLParser):
    """The tags of a page, and its text outside and inside what is folded."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.open, self.folded, self._depth = [], "", "", 0
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self._depth += tag == "details"

    def handle_endtag(self, tag):
        self._depth -= tag == "details"

    def handle_data(self, data):
        if self._depth:
            self.folded += data
        else:
            self.open += data


@pytest.fixture
def poll():
    return Poll(QUESTION, OPTIONS)


@pytest.fixture(params=[None, "0", ""])
def closed(request, monkeypatch):
    """A course that waits for answers."""
    monkeypatch.delenv("EVIDENCE_LADDER_OPEN", raising=False)
    if request.param is not None:
        monkeypatch.setenv("EVIDENCE_LADDER_OPEN", request.param)


def buttons(poll):
    return poll.widget.children[1].children


def explanation(poll):
    return poll.widget.children[2].value


def test_nothing_is_revealed_before_the_answer(poll):
    assert poll.answer is None
    assert explanation(poll) == ""
    assert [b.description for b in buttons(poll)] == ["A.  no <b>way</b>", "B.  yes", "C.  perhaps"]


@pytest.mark.parametrize("index", range(3))
def test_the_first_click_commits_and_says_which_are_right_and_why(poll, index):
    buttons(poll)[index].click()
    assert poll.answer == index
    assert poll.widget.children[1].layout.display == "none"
    page = Page(explanation(poll))
    assert set(page.tags) <= {"div", "ul", "li", "b", "br", "details", "summary"}
    for i, option in enumerate(OPTIONS):
        in_sight = option.right or i == index  # the reasons of the others fold out
        assert option.text in page.open + page.folded
        assert option.why in (page.open if in_sight else page.folded)
    mine = f"({'right' if OPTIONS[index].right else 'wrong'} – your answer)"
    assert page.open.count("your answer") == 1
    assert f"{'ABC'[index]}. {OPTIONS[index].text} {mine}" in page.open
    both = page.open + page.folded
    assert both.count("✓") == 1 and both.count("✗") == 2


def test_a_second_answer_changes_nothing(poll):
    poll.commit(2)
    before = explanation(poll)
    calls = []
    poll.on_change = lambda: calls.append(1)
    poll.commit(1)
    buttons(poll)[0].click()
    assert poll.answer == 2 and explanation(poll) == before and calls == []


def test_it_can_be_asked_again(poll):
    again = poll.widget.children[3]
    assert again.layout.display == "none"
    poll.commit(2)
    assert again.layout.display is None
    again.click()
    assert poll.answer is None and explanation(poll) == ""
    assert poll.widget.children[1].layout.display is None and again.layout.display == "none"
    poll.commit(0)
    assert poll.answer == 0


def test_the_still_holds_question_options_and_folded_answers(poll):
    page = Page(poll.still())
    assert QUESTION in page.open and QUESTION not in page.folded
    for option in OPTIONS:
        assert option.text in page.open
        assert option.why in page.folded and option.why not in page.open
    assert "script" not in page.tags and page.tags.count("details") == 1
    assert "your answer" not in page.folded
    assert "<details open" not in poll.still()


def test_the_still_of_an_answered_poll_is_the_same(poll):
    before = poll.still()
    poll.commit(1)
    assert poll.still() == before


def test_the_question_is_escaped(poll):
    assert html.escape(QUESTION) in poll.widget.children[0].value


RIGHT, WRONG = Option("yes", True, ""), Option("no", False, "")


@pytest.mark.parametrize("options", [[], [RIGHT], [WRONG, WRONG], [RIGHT] + 6 * [WRONG]])
def test_options_are_two_to_six_and_one_is_right(options):
    with pytest.raises(ValueError, match="two to six, at least one of them right"):
        Poll(QUESTION, options)


@pytest.mark.parametrize("number", [2, 6])
def test_options_have_letters(number):
    poll = Poll(QUESTION, [RIGHT] + (number - 1) * [WRONG])
    assert [b.description[0] for b in buttons(poll)] == list("ABCDEF"[:number])


# predict


def test_a_demo_is_closed_until_the_answer(closed):
    prediction = predict(QUESTION, OPTIONS, Demo())
    assert not prediction.is_open
    prediction.poll.commit(0)
    assert prediction.is_open
    prediction.poll.commit(1)
    assert prediction.is_open and prediction.poll.answer == 0


def test_a_demo_is_open_in_tests_and_exports(monkeypatch):
    monkeypatch.setenv("EVIDENCE_LADDER_OPEN", "1")
    prediction = predict(QUESTION, OPTIONS, Demo())
    assert prediction.is_open and prediction.poll.answer is None
    prediction.poll.commit(1)
    assert prediction.is_open


def test_a_demo_closes_when_the_question_is_asked_again(closed):
    prediction = predict(QUESTION, OPTIONS, Demo())
    prediction.poll.commit(0)
    prediction.poll.reset()
    assert not prediction.is_open
    prediction.poll.commit(1)
    assert prediction.is_open


def test_the_verdict_stands_above_the_demo(closed):
    demo = Demo()
    prediction = predict(QUESTION, OPTIONS, demo)
    question, choices, verdict, _, gate = prediction.widget.children
    assert QUESTION in html.unescape(question.value)
    assert len(choices.children) == 3
    assert gate.children == (demo.widget,)
    prediction.poll.commit(1)
    assert "both" in verdict.value


def test_the_poll_of_a_prediction_must_be_a_good_one():
    with pytest.raises(ValueError, match="two to six"):
        predict(QUESTION, [WRONG, WRONG], Demo())


def test_the_still_of_a_prediction_folds_the_demo_too(monkeypatch):
    stills = []
    monkeypatch.setattr(alive, "show", lambda widget, still, _: stills.append(Page(still)))
    predict(QUESTION, OPTIONS, Demo())._ipython_display_()
    [page] = stills
    assert QUESTION in page.open and "the demo's still" not in page.open
    assert "the demo's still" in page.folded


def test_no_question_shows_raw_formulas():
    sources = (Path(__file__).parents[1] / "course_utils" / "lessons").rglob("*.py")
    calls = [node for path in sources for node in ast.walk(ast.parse(path.read_text("utf-8")))]
    asked = [
        node for node in calls if isinstance(node, ast.Call) and "Option" in ast.dump(node.func)
    ]
    texts = [
        leaf.value for node in asked for leaf in ast.walk(node) if isinstance(leaf, ast.Constant)
    ]
    raw = [text for text in texts if re.search(r"_\{|[\^]\(|[a-zλ]_[a-zA-Z]\b", str(text))]
    assert len(texts) > 100 and not raw


def test_a_question_s_dots_do_not_stand_alone_on_a_line():
    poll = Poll("This is …", OPTIONS)
    assert "is\N{NO-BREAK SPACE}…" in poll.still() and "is\N{NO-BREAK SPACE}…" in poll.page()
