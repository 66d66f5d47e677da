from __future__ import annotations

import pytest

from cvcourse.checks import question
from cvcourse.checks.questions import Mark, mark_of, notebook_of, sentence_of


def documented() -> None:
    """The sentence that stands
    on two lines.

    More for whoever reads the code.
    """


def test_the_mark_holds_question_and_weight():
    assert mark_of(question("knn-q12", weight=2)(documented)) == Mark("knn-q12", 2.0)


def test_the_weight_is_one_unless_told():
    assert question("two_layer_net-q1")(documented).__question__.weight == 1.0


def test_other_objects_have_no_mark():
    assert mark_of(len) is None
    assert mark_of(None) is None


def test_the_sentence_is_the_first_paragraph_on_one_line():
    assert sentence_of(documented) == "The sentence that stands on two lines."


@pytest.mark.parametrize(
    "identifier", ["knn", "knn-q", "knn-q0", "knn-q01", "KNN-q1", "knn-w1", ""]
)
def test_an_identifier_of_another_form_is_refused(identifier):
    says = rf"a question id is <notebook>-q<number>, such as knn-q3; got '{identifier}'"
    with pytest.raises(ValueError, match=says):
        question(identifier)


@pytest.mark.parametrize("weight", [0, -1, float("nan"), float("inf")])
def test_a_weight_that_is_no_share_is_refused(weight):
    says = f"weight must be above zero and finite; got {weight} for knn-q1"
    with pytest.raises(ValueError, match=says):
        question("knn-q1", weight=weight)


@pytest.mark.parametrize("text", [None, "", "  \n "])
def test_a_check_without_a_sentence_is_refused(text):
    def silent() -> None: ...

    silent.__doc__ = text
    with pytest.raises(ValueError, match="silent has no docstring; students read it in their feed"):
        question("knn-q1")(silent)


def test_the_notebook_is_the_part_before_the_question():
    assert notebook_of("two_layer_net-q10") == "two_layer_net"
