"""The grading job with a twentieth of its patience, so that attacks which hang are soon over."""

from autograder.grading import job, student, submission
from autograder.sandbox import connection, session

CPU_SECONDS = 0.5  # wrong answers to knn-q6 need a thousandth of it
START_SECONDS = 2  # a worker starts in a hundredth of it

if __name__ == "__main__":
    student.CPU_SECONDS = CPU_SECONDS
    submission.CELL_CPU_SECONDS = 2 * CPU_SECONDS
    for module in (connection, session):
        if hasattr(module, "START_SECONDS"):
            module.START_SECONDS = START_SECONDS
    job.main()
