from __future__ import annotations

import numpy as np
import pytest
import torch

from cvcourse.checks import CheckFailure, LocalStudent, NotAnswered, StudentError
from cvcourse.checks.student import public_kind

from .cells import run_cell


def student(source: str, question: str = "knn-q3") -> LocalStudent:
    return LocalStudent(run_cell(source), question)


def test_arguments_and_results_pass_through():
    me = student("def scaled(x, *, by=1):\n    return x * by")
    np.testing.assert_array_equal(me.scaled(np.arange(3), by=2), [0, 2, 4])
    np.testing.assert_array_equal(me.call("scaled", np.arange(3)), [0, 1, 2])


def test_arguments_are_copies():
    me = student("def clear(x, *, y):\n    x[:] = 0\n    y[:] = 0")
    x, y = np.ones(3), torch.ones(3)
    me.clear(x, y=y)
    assert x.sum() == 3
    assert y.sum() == 3


def test_arguments_as_the_call_left_them_come_back():
    me = student("def clear(x, y):\n    x[:] = 0\n    return 7")
    x, y = np.ones(3), np.ones(2)
    result, (x_left, y_left) = me.call_keeping_arguments("clear", x, y)
    assert result == 7
    assert x_left.sum() == 0
    assert y_left.sum() == 2
    assert x.sum() == 3


def test_a_batch_of_calls_answers_in_order_and_each_counts():
    me = student("def double(x):\n    return 2 * x")
    assert me.call_many("double", [(1,), (2,), (3,)]) == [2, 4, 6]
    assert me.calls == 3


def test_the_last_definition_of_a_name_counts():
    namespace = run_cell("def one():\n    return 1")
    me = LocalStudent(namespace, "knn-q3")
    run_cell("def one():\n    return 2", namespace)
    assert me.one() == 2


def test_a_missing_name_says_which_cell_to_run():
    with pytest.raises(NotAnswered, match=r"^vote is not defined. Run the cell of knn-q4 first.$"):
        student("", "knn-q4").vote()


def test_a_name_that_holds_a_value_is_named():
    says = "^vote must be a function; another cell has given its name to a value.$"
    with pytest.raises(CheckFailure, match=says):
        student("vote = 3").vote()


def test_a_stub_is_not_an_error_but_an_answer_to_come():
    me = student(
        'def vote():\n    raise NotImplementedError("knn-q3: replace this line with your code")'
    )
    says = "^knn-q3 is not answered yet: write vote in the cell above and run it.$"
    with pytest.raises(NotAnswered, match=says):
        me.vote()


def test_the_stub_of_another_question_is_an_error_in_this_one():
    me = student('def vote():\n    raise NotImplementedError("knn-q1: replace this line")')
    with pytest.raises(StudentError, match="vote raised NotImplementedError at line 2") as caught:
        me.vote()
    assert "knn-q1: replace this line" in caught.value.detail


def test_an_exception_is_placed_in_the_cell_and_not_in_the_library():
    me = student(
        """
        import numpy as np

        def product(x):
            wide = x[:, :2]
            return np.linalg.inv(wide)
        """
    )
    with pytest.raises(StudentError) as caught:
        me.product(np.ones((3, 3)))
    error = caught.value
    assert error.direction == "product raised an exception at line 5 of your cell."
    assert (error.function, error.kind, error.line) == ("product", "an exception", 5)
    assert error.detail.startswith("numpy.linalg.LinAlgError: ")
    assert error.detail.endswith("\n  line 5: return np.linalg.inv(wide)")


def test_an_exception_in_a_helper_of_another_cell_is_placed_at_the_call():
    namespace = run_cell("\n\n\ndef helper():\n    return 1 / 0", name="<cell 2>")
    run_cell("def outer():\n    return helper()", namespace)
    with pytest.raises(StudentError, match="outer raised ZeroDivisionError at line 2 of your cell"):
        LocalStudent(namespace, "knn-q3").outer()


def test_an_exception_under_a_decorator_is_placed_in_the_cell():
    me = student("import torch\n\n@torch.no_grad()\ndef f(x):\n    return x[9]")
    with pytest.raises(StudentError, match="f raised IndexError at line 5 of your cell"):
        me.f(torch.ones(3))


def test_a_wrong_number_of_arguments_has_no_line():
    with pytest.raises(StudentError, match=r"^f raised TypeError.\nTypeError: f\(\) takes"):
        student("def f():\n    return 1").f(2)


def test_a_direction_never_holds_the_text_of_the_exception():
    me = student("def f(x):\n    raise ValueError(f'input was {x}')")
    with pytest.raises(StudentError) as caught:
        me.f(1234)
    assert "1234" not in caught.value.direction
    assert "1234" in caught.value.detail


def test_an_interrupt_passes_through():
    me = student("def f():\n    raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        me.f()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ValueError(), "ValueError"),
        (RecursionError(), "RecursionError"),
        (type("Odd", (ValueError,), {})(), "an exception"),
        (type("ValueError", (ValueError,), {})(), "an exception"),
        (type("print", (ValueError,), {})(), "an exception"),
    ],
)
def test_only_the_kinds_of_python_itself_are_named(error, kind):
    assert public_kind(error) == kind


def test_private_names_are_no_calls():
    with pytest.raises(AttributeError, match="_secret"):
        _ = student("")._secret


LOOPS = """
import numpy as np

def looped(x):
    return np.array([float(v) ** 2 for v in x])

def vectorised(x):
    return x.astype(float) ** 2

disguised = np.vectorize(lambda v: v**2)
"""


@pytest.mark.parametrize(
    ("name", "grows"), [("looped", True), ("vectorised", False), ("disguised", True)]
)
def test_steps_grow_with_the_input_only_where_there_is_a_loop(name, grows):
    me = student(LOOPS)
    few, many = (me.count_steps(name, np.arange(n))[0] for n in (10, 1000))
    assert (many > 50 * few) is grows
    assert (many == few) is not grows


def test_helpers_of_other_cells_and_classes_count_as_the_students_own():
    namespace = run_cell(
        "class Voter:\n    def vote(self, x):\n        return [v for v in x]", name="<cell 1>"
    )
    run_cell("def helper(x):\n    return Voter().vote(x)", namespace, name="<cell 2>")
    run_cell("def outer(x):\n    return helper(x)", namespace)
    me = LocalStudent(namespace, "knn-q3")
    assert me.count_steps("outer", list(range(500)))[0] > 500


def test_the_steps_of_a_library_are_not_the_students():
    me = student("import statistics\n\ndef f(x):\n    return statistics.median_grouped(x)")
    assert me.count_steps("f", list(range(500)))[0] < 50


def test_steps_are_counted_under_a_decorator():
    me = student("import torch\n\n@torch.no_grad()\ndef f(x):\n    return sum(v for v in x)")
    assert me.count_steps("f", torch.arange(300))[0] > 300


def test_memory_is_that_of_the_call_without_its_arguments():
    me = student("def f(x):\n    y = x + 1\n    z = y + 1\n    return z.sum()")
    peak, result = me.peak_bytes("f", torch.zeros(1000, dtype=torch.float64))
    assert peak in range(16_000, 16_100)
    assert result == 2000


def test_processor_time_is_that_of_the_call_and_its_result_comes_along():
    me = student("def f(n):\n    return sum(i * i for i in range(n))")
    few, _ = me.cpu_seconds("f", 10)
    many, result = me.cpu_seconds("f", 3_000_000)
    assert result == sum(i * i for i in range(3_000_000))
    assert many > few + 0.05
