"""The grader: staff only."""
