"""Everything that can go wrong in grading, with the message that staff read.

GraderError
├── CourseError       the course folder or its settings are not as they must be
├── SandboxError      no sandbox, or it could not be started
├── SessionSpent      a submission's session serves no further worker; its cells must run again
└── WorkerError       a submission's process ended untidily
    ├── ProtocolError     it sent bytes that are no valid reply
    ├── WorkerDied        it ended without a reply
    └── LimitExceeded     it went over its limit of time or memory
"""

from __future__ import annotations


class GraderError(Exception):
    """The root of the grader's own errors; its text is for staff."""


class CourseError(GraderError):
    """The course folder or its settings are not as they must be."""


class SandboxError(GraderError):
    """The sandbox is missing or did not start; nothing is graded without it."""


class SessionSpent(GraderError):
    """A submission's session serves no further worker; its cells must run again in a fresh one."""


class WorkerError(GraderError):
    """A submission's process ended untidily.

    Args:
        reason: a sentence made of staff strings only, fit for a student's eyes.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ProtocolError(WorkerError):
    """The submission's process sent bytes that are no valid reply."""


class WorkerDied(WorkerError):
    """The submission's process ended without a reply."""


class LimitExceeded(WorkerError):
    """The submission's process went over its limit of time or memory."""
