"""Visible checks, one module per notebook: inputs, properties and outcomes, never an answer."""
