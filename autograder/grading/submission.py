"""A submission whose cells have run in the sandbox; gives a fresh worker for each question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType

from autograder.errors import SessionSpent, WorkerDied, WorkerError
from autograder.grading.intake import RunCell
from autograder.sandbox.session import CellRun, Session, Worker

CELL_CPU_SECONDS = 10.0  # of one cell; experiments that take longer are tagged `long`
MOST_RESTARTS = 3  # after so many cells that hang or crash, the rest is not run
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
            try:
                run = session.run(cell.id, cell.source, CELL_CPU_SECONDS)
            except WorkerError as error:
                self.problems[cell.id] = f"{_name(cell)} ended the notebook: {error.reason}"
                self.outputs.pop(cell.id, None)
                return cell.id
            self.outputs[cell.id] = run.output[:left]
            left -= len(self.outputs[cell.id])
            if run.raised is not None:
                self.problems[cell.id] = _problem(cell, run)
        return None


def _problem(cell: RunCell, run: CellRun) -> str:
    assert run.raised is not None
    where = f" at line {run.raised.line}" if run.raised.line else ""
    return f"{_name(cell)} raises {run.raised.kind}{where} when it is run."


def _name(cell: RunCell) -> str:
    return f"The cell of {cell.id}" if cell.kind == "answer" else f"The cell {cell.id}"
