"""Where student code runs: confinement, the worker, and the wire to it."""
