from __future__ import annotations

import csv
import dataclasses
import io

import pytest

from autograder.reports import class_csv, terminal_table, write_csv

from .samples import EMPTY, RIGHT, WRITTEN, result


def rows(*results, text: str | None = None) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text or class_csv(results), newline="")))


def test_one_row_per_student_and_one_column_per_question():
    anna, bert = rows(result("anna", "bert"))
    assert anna == {
        "student": "anna",
        "assignment": "a1_classifiers",
        "knn-q1 (2)": "2",
        "knn-q3 (4)": "1.33",
        "knn-q4 (3)": "0",
        "knn-q7 (4)": "2",
        "knn-w1 (2)": "",
        "total": "5.33",
        "possible": "15",
        "waiting": "2",
        "under review": "knn-q7",
        "error": "",
        "release": "4be1f20c99aa",
        "sandbox": "namespaces landlock seccomp rlimits",
    }
    assert bert == {**anna, "student": "bert"}


def test_notebooks_of_one_assignment_share_a_row():
    other = dataclasses.replace(RIGHT, question="features-q1", points=5, score=4.5)
    (row,) = rows(result("anna"), result("anna", notebook="features", questions=(other,)))
    assert row["features-q1 (5)"] == "4.5"
    assert (row["total"], row["possible"]) == ("9.83", "20")


def test_another_assignment_has_a_row_of_its_own():
    other = dataclasses.replace(RIGHT, question="numpy-q1")
    first, second = rows(
        result("anna"),
        result("anna", assignment="a0_tensors", notebook="numpy", questions=(other,)),
    )
    assert (first["numpy-q1 (2)"], first["possible"]) == ("", "15")
    assert (second["knn-q1 (2)"], second["possible"]) == ("", "2")


def test_a_submission_that_could_not_be_graded_has_a_row_with_the_reason():
    _, row = rows(result("anna"), result("bert", questions=(), error="The file is empty."))
    assert row["error"] == "The file is empty."
    assert (row["knn-q1 (2)"], row["total"], row["possible"]) == ("", "0", "15")


def test_releases_that_differ_in_points_are_both_named():
    dearer = dataclasses.replace(RIGHT, points=3)
    first, _ = rows(result("anna", questions=(RIGHT,)), result("bert", questions=(dearer,)))
    assert "knn-q1 (2 or 3)" in first


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@sum", "\tx", "\rx", "＝1"])
def test_no_cell_is_taken_for_a_formula(name):
    (row,) = rows(result(name, assignment=name, error=name, release=name, layers=(name,)))
    for column in ("student", "assignment", "error", "release", "sandbox"):
        assert row[column] == f"'{name}"


def test_a_name_with_separators_stays_one_cell():
    (row,) = rows(result('a,"b"\nc;d'))
    assert row["student"] == 'a,"b"\nc;d'


def test_the_csv_is_written_whole_even_with_a_broken_name(tmp_path):
    write_csv([result("anna"), result("b\ud800")], tmp_path / "out" / "class.csv")
    first, second = rows(text=(tmp_path / "out" / "class.csv").read_bytes().decode("utf-8"))
    assert first["student"] == "anna"
    assert second["student"] == "b\\ud800"


def test_an_empty_class_has_a_header():
    assert rows() == []
    assert class_csv([]).startswith("student,assignment,total,")


def test_the_terminal_table_shows_points_total_and_seconds():
    table = terminal_table(
        [
            result("right"),
            result("broken", questions=(), error="The file is no notebook."),
            result("anna", "bert", questions=(EMPTY, WRITTEN)),
        ],
        {"right": 1.2345, "bert": 0.1},
    )
    assert table.splitlines() == [
        "student     knn-q1  knn-q3  knn-q4  knn-q7  knn-w1  total  seconds",
        "points           2       4       3       4       2     15",
        "-" * 66,
        "right            2    1.33       0      2?    wait   5.33     1.23",
        "broken           -       -       -       -       -     0!",
        "anna, bert       -       -       0       -    wait      0     0.10",
        "wait: a person reads it   ?: under review   -: not in the submission   !: see its reason",
        "! broken: The file is no notebook.",
    ]


def test_without_times_there_is_no_column_for_them():
    assert "seconds" not in terminal_table([result("anna")])


def test_names_cannot_steer_the_terminal_nor_break_the_columns():
    table = terminal_table([result("\x1b[2Jx\n\u202ey" + "z" * 100), result("anna")])
    assert "\x1b" not in table
    assert "\u202e" not in table
    first, second = table.splitlines()[3:5]
    assert first.startswith("\ufffd[2Jx \ufffdyzz")
    assert len(first) == len(second)


def test_an_empty_class_makes_an_empty_table():
    assert terminal_table([]).splitlines()[0] == "student  total"
