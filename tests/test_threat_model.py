from __future__ import annotations

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parent
TEXT = (TESTS.parent / "docs" / "threat-model.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", TEXT)))


def test_every_claim_of_the_threat_model_names_a_test_that_exists():
    defined = {
        path: {
            node.name
            for node in ast.walk(ast.parse((TESTS / path).read_text(encoding="utf-8")))
            if isinstance(node, ast.FunctionDef)
        }
        for path in {path for path, _ in NAMED}
    }
    assert [f"{path}::{name}" for path, name in NAMED if name not in defined[path]] == []
    assert len(NAMED) > 40
