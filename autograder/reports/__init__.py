"""Results for people and machines: feedback pages, tables, the gradebook."""

from autograder.reports.feedback import feedback_html, feedback_text, write_reports
from autograder.reports.table import class_csv, terminal_table, write_csv

__all__ = [
    "class_csv",
    "feedback_html",
    "feedback_text",
    "terminal_table",
    "write_csv",
    "write_reports",
]
