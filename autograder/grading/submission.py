"""A submission whose cells have run in the sandbox; gives a fresh worker for each question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic
from types import TracebackType

from autograder.errors import LimitExceeded, SessionSpent, WorkerDied, WorkerError
from autograder.grading.intake import RunCell
from autograder.sandbox.session import CellRun, Session, Worker

CELL_CPU_SECONDS = 10.0  # of one cell; experiments that take longer are tagged `long`
MOST_RESTARTS = 3  # after so many cells that hang or crash, the rest is not run
MOST_LIMITS = 5  # after so many checks that ran into a limit, the rest fails without being run
MOST_SECONDS = 300.0  # of all cells together by the clock, many times what a slow machine needs
NEVER_RUN = frozenset({"display", "long"})
MOST_OUTPUT = 20_000  # characters of all cells together that staff can look at


class Submission:
    """Runs a notebook's cells on first use; a context manager.

    Args:
        start: makes a session in the sandbox.
        cells: the cells in the notebook's order.
        seed: of the random generators in its workers.
    """

    def __init__(self, start: Callable[[], Session], cells: Sequence[RunCell], seed: int) -> None:
        self._start = start
        self._cells = [c for c in cells if not NEVER_RUN.intersection(c.tags)]
        self._seed = seed
        self._session: Session | None = None
        self._dead: WorkerError | None = None
        self._limits = 0
        self._seconds = 0.0
        self.problems: dict[str, str] = {}  # by cell id: why it did not run to its end
        self.outputs: dict[str, str] = {}  # by cell id: what it printed

    def __enter__(self) -> Submission:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends every process of the submission."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def worker(self) -> Worker:
        """A new process with the state that the cells left; the one before it is ended.

        Where an earlier worker could have left word for this one the cells run again.

        Raises:
            WorkerError: if the submission's own process is gone or does not answer.
        """
        if self._dead is not None:
            raise self._dead
        if self._session is not None and self._session.spent:
            self.close()
        try:
            if self._session is not None:
                with suppress(SessionSpent):
                    return self._session.fork(self._seed)
                self.close()
            self._session = self._run_cells()
            return self._session.fork(self._seed)
        except WorkerError as error:
            self._dead = error
            raise

    def note_limit(self, error: BaseException | None) -> None:
        """Counts a check that ran into a limit: a notebook must not hold up the class for hours."""
        self._limits += isinstance(error, LimitExceeded)
        if self._limits >= MOST_LIMITS and self._dead is None:
            self._dead = LimitExceeded(
                f"{MOST_LIMITS} checks of this notebook ran into a limit; the rest was not run."
            )

    def last_line(self, cell: str) -> int:
        """The number of lines of a cell: a line that the worker tells lies within them."""
        return next((c.source.count("\n") + 1 for c in self._cells if c.id == cell), 0)

    def _run_cells(self) -> Session:
        """Runs the cells in order; one that ends the process is left out in the next attempt."""
        for _attempt in range(MOST_RESTARTS + 1):
            session = self._start()
            fatal = self._run_until_fatal(session)
            if fatal is None:
                return session
            session.close()
        self._dead = WorkerDied(
            f"More than {MOST_RESTARTS} cells of the notebook end its process or do not end."
        )
        raise self._dead

    def _run_until_fatal(self, session: Session) -> str | None:
        left = MOST_OUTPUT
        for cell in self._cells:
            if cell.id in self.problems and cell.id not in self.outputs:
                continue
            start = monotonic()
            try:
                if self._seconds > MOST_SECONDS:
                    raise LimitExceeded("The cells before it took too long together.")
                run = session.run(cell.id, cell.source, CELL_CPU_SECONDS)
            except WorkerError as error:
                self.problems[cell.id] = f"{_name(cell)} ended the notebook: {error.reason}"
                self.outputs.pop(cell.id, None)
                return cell.id
            finally:
                self._seconds += monotonic() - start
            self.outputs[cell.id] = run.output[:left]
            left -= len(self.outputs[cell.id])
            if run.raised is not None:
                self.problems[cell.id] = _problem(cell, run)
        return None


def _problem(cell: RunCell, run: CellRun) -> str:
    assert run.raised is not None
    line = run.raised.line
    within = line is not None and line <= cell.source.count("\n") + 1
    where = f" at line {line}" if within else ""
    return f"{_name(cell)} raises {run.raised.kind}{where} when it is run."


def _name(cell: RunCell) -> str:
    return f"The cell of {cell.id}" if cell.kind == "answer" else f"The cell {cell.id}"
