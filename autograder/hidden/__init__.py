"""Hidden checks, with their oracles, wrong answers and other right answers beside them."""
