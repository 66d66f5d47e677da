"""What nbgrader runs in place of its own parts; nbgrader_config.py names them.

Authoring, the gradebook's schema, feedback and the formgrader stay nbgrader's. Its execution and
its scoring are replaced: a submission is rebuilt from its release and graded by a `GradingJob`.
"""

import warnings

from sqlalchemy.exc import SAWarning

from autograder.nbgrader_plugins.grades import GradeNotebook
from autograder.nbgrader_plugins.solutions import ClearSolutions
from autograder.nbgrader_plugins.submissions import SubmissionExporter

__all__ = ["ClearSolutions", "GradeNotebook", "SubmissionExporter"]

# nbgrader enters submissions in an order that SQLAlchemy warns of, a screenful for each student.
warnings.filterwarnings("ignore", category=SAWarning, module=r"nbgrader\.api")
