"""What of a student's own cells is kept for grading: imports, definitions, simple assignments.

The rest of an added cell is an experiment: it may take minutes, read files, or need a result that
grading does not make. The source is read as a syntax tree and never run here.
"""

from __future__ import annotations

import ast
import symtable
import warnings
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from autograder import cells

# What the value of a simple assignment is made of: nothing that calls, loops or waits.
_SIMPLE = (
    ast.Constant,
    ast.Name,
    ast.Attribute,
    ast.Subscript,
    ast.Slice,
    ast.Tuple,
    ast.List,
    ast.Set,
    ast.Dict,
    ast.UnaryOp,
    ast.BinOp,
    ast.BoolOp,
    ast.Compare,
    ast.IfExp,
    ast.operator,
    ast.unaryop,
    ast.boolop,
    ast.cmpop,
    ast.expr_context,
)
_QUICK_MAGICS = ("%%time", "%%timeit", "%%capture")


@dataclass(frozen=True)
class Kept:
    """An added cell after the sieve.

    Attributes:
        source: the kept statements on their own lines; empty if nothing is kept.
        dropped_names: names that only dropped statements would have set.
        readable: False if the cell is no Python and nothing could be kept.
    """

    source: str
    dropped_names: frozenset[str] = frozenset()
    readable: bool = True


def keep_definitions(source: str, *, released: str = "") -> Kept:
    """Sieves a cell that the student added, or a released cell that they changed.

    Args:
        source: the cell as handed in.
        released: for a changed cell its released source; what that already says, and every
            statement that would give one of its names another meaning, is left out.
    """
    try:
        return _kept(source, released)
    except RecursionError:  # ast.dump and ast.unparse give up before the parser does
        return Kept("", readable=False)


def _kept(source: str, released: str) -> Kept:
    if source.startswith("%%") and not source.startswith(_QUICK_MAGICS):
        return Kept("")  # a cell of another language, or a file to be written
    statements = cells.parsed(source)
    if statements is None:
        source = _without_magics(source)
        statements = cells.parsed(source)
    if statements is None:
        return Kept("", readable=False)
    given = cells.parsed(released) or []
    said = {ast.dump(statement) for statement in given}
    owned = {name for statement in given for name in names_set(statement)}
    fresh = [s for s in statements if ast.dump(s) not in said and owned.isdisjoint(names_set(s))]
    kept = {s: None for s in fresh if _is_definition(s)}  # a dict: in order, and quick to ask
    names = {name for statement in kept for name in names_set(statement)}
    lost = {name for s in fresh if s not in kept for name in names_set(s)}
    return Kept(_lines_of(source, statements, kept), frozenset(lost - names))


def names_used(source: str) -> set[str]:
    """The names that a cell looks up outside its own functions' local names."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = symtable.symtable(source, "<cell>", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    return set(_globals_of(table))


def names_bound(source: str) -> set[str]:
    """The names that a cell sets at its top level."""
    return {name for statement in cells.parsed(source) or [] for name in names_set(statement)}


def _globals_of(table: symtable.SymbolTable) -> Iterator[str]:
    top = table.get_type() == "module"
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (top or symbol.is_global()):
            yield symbol.get_name()
    for inner in table.get_children():
        yield from _globals_of(inner)


def _is_definition(statement: ast.stmt) -> bool:
    if isinstance(
        statement,
        ast.Import | ast.ImportFrom | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef,
    ):
        return True
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        targets = [statement.target]
    else:
        return False
    value = statement.value
    return all(_is_name(target) for target in targets) and value is not None and _is_simple(value)


def _is_name(target: ast.expr) -> bool:
    if isinstance(target, ast.Tuple | ast.List):
        return all(_is_name(element) for element in target.elts)
    return isinstance(target, ast.Name)


def _is_simple(value: ast.expr) -> bool:
    # A lambda is a definition: what it calls runs when it is called.
    return isinstance(value, ast.Lambda) or all(
        isinstance(node, _SIMPLE) for node in ast.walk(value)
    )


def names_set(statement: ast.stmt) -> set[str]:
    """Names that the statement gives a meaning at the cell's top level."""
    names, waiting = set(), [statement]
    while waiting:
        node: ast.AST = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
            continue  # what is set inside stays inside
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.alias):
            names.add(node.asname or node.name.split(".")[0])
        if not isinstance(node, ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))  # type: ignore[arg-type]
    return names


def _lines_of(source: str, statements: list[ast.stmt], kept: Collection[ast.stmt]) -> str:
    """The kept statements on the lines where the student wrote them, so that line numbers hold."""
    if not kept:
        return ""
    owners: dict[int, bool] = {}
    for statement in statements:
        decorators = getattr(statement, "decorator_list", [])
        first = min([statement.lineno, *(d.lineno for d in decorators)])
        for line in range(first, (statement.end_lineno or first) + 1):
            if owners.setdefault(line, statement in kept) != (statement in kept):
                # Two statements share a line and one of them goes: write the others anew.
                return ast.unparse(ast.Module(list(kept), []))
    lines = source.split("\n")
    return "\n".join(
        line if owners.get(number) else "" for number, line in enumerate(lines, start=1)
    ).rstrip("\n")


def _without_magics(source: str) -> str:
    """The source without IPython's commands, which are no Python; line numbers stay."""
    return "\n".join(
        line[: len(line) - len(line.lstrip())] + "pass"
        if line.lstrip().startswith(("%", "!", "?")) or line.rstrip().endswith("?")
        else line
        for line in source.split("\n")
    )
