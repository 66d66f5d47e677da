"""From a submitted file to a result: intake, the run of a submission, the checks, the score."""
