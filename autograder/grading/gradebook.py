"""Writes results into nbgrader's gradebook, which alone knows the students' names."""

from __future__ import annotations

from typing import Any

from autograder import cells
from autograder.errors import CourseError
from autograder.grading.results import NotebookResult, State

NO_RESPONSE = "No response."  # nbgrader's own words; its formgrader looks for nothing else


def write_result(gradebook: Any, student: str, result: NotebookResult) -> None:
    """Stores the scores of one notebook, all or none.

    The student and the submission are entered if they are new.

    A score that a person gave stays and counts; as in nbgrader's own grading its question is
    marked for another look, since the answer may have changed under it.

    Args:
        gradebook: an open `nbgrader.api.Gradebook`.
        student: the student's id in the gradebook.
        result: what grading found.

    Raises:
        CourseError: if the gradebook does not know the assignment, the notebook or a question.
    """
    submitted = _submitted_notebook(gradebook, student, result)
    grades = {grade.name: grade for grade in submitted.grades}
    comments = {comment.name: comment for comment in submitted.comments}
    for question in result.questions:
        grade = grades.get(question.question) or grades.get(question.question + cells.CHECK_SUFFIX)
        if grade is None:
            gradebook.db.rollback()
            raise CourseError(
                f"the gradebook has no points for {question.question}; "
                f"run: nbgrader generate_assignment {result.assignment}"
            )
        grade.auto_score = question.score
        grade.needs_manual_grade = (
            question.state is not State.GRADED or grade.manual_score is not None
        )
        if question.question in comments:
            answered = question.answered
            comments[question.question].auto_comment = None if answered else NO_RESPONSE
    gradebook.db.commit()


def _submitted_notebook(gradebook: Any, student: str, result: NotebookResult) -> Any:
    """The gradebook's entry for a student's notebook, made if it is new."""
    from nbgrader.api import MissingEntry  # slow to import, and most of the grader lives without

    names = (result.notebook, result.assignment, student)
    try:
        return gradebook.find_submission_notebook(*names)
    except MissingEntry:
        pass
    try:
        gradebook.find_notebook(result.notebook, result.assignment)
        gradebook.update_or_create_student(student)
        gradebook.update_or_create_submission(result.assignment, student)
        return gradebook.find_submission_notebook(*names)
    except MissingEntry:
        raise CourseError(
            f"the gradebook does not know the notebook {result.notebook} of {result.assignment}; "
            f"run: nbgrader generate_assignment {result.assignment}"
        ) from None
