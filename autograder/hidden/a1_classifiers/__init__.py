"""Assignment 1: classifiers in NumPy."""
