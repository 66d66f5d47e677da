"""What runs inside the sandbox. It imports nothing of the grader and holds nothing of worth."""
