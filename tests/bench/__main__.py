"""`scripts/bench`: what is measured is named by the first argument."""

from __future__ import annotations

import argparse

from . import grading

parser = argparse.ArgumentParser(prog="scripts/bench", description=grading.__doc__)
parser.add_argument("what", choices=["grading"])
parser.add_argument("--repeats", type=int, default=3, help="turns of each grader")
parser.add_argument("--profile", action="store_true", help="show where a grading job's time goes")
arguments = parser.parse_args()
if arguments.profile:
    grading.profile()
else:
    grading.main(arguments.repeats)
