"""Looks in the source of an answer for operations that its question does not allow.

The source is read, never run. Names are followed through imports and plain assignments; what can
hide a name from a reader (`exec`, a computed `getattr`, `ctypes` ...) is told as such. This
deters and does not prove: a person decides on what is found.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from autograder import cells
from autograder.grading.helpers import names_set

NOT_ALLOWED = "which this question does not allow"
HIDES_WHAT = "which can hide what an answer calls"
HIDES = {
    *("exec", "eval", "compile", "__import__", "globals", "locals", "vars", "breakpoint"),
    *("getattr", "setattr", "delattr"),
}
HIDING_MODULES = (
    *("builtins", "ctypes", "importlib", "imp", "inspect", "gc", "pickle", "runpy", "marshal"),
    *("subprocess", "multiprocessing", "threading", "_thread", "concurrent", "os.system"),
    *("os.fork", "os.exec", "os.spawn", "os.popen", "pty", "torch._C", "torch.ops", "torch._ops"),
    *("sys.modules", "sys._getframe", "sys.settrace", "operator.attrgetter"),
    *("sys.gettrace", "sys.setprofile", "cvcourse.meters", "cvcourse.checks"),
    *("operator.methodcaller", "torch.utils.cpp_extension", "numpy.ctypeslib", "cffi"),
)
HIDING_ATTRIBUTES = {
    *("settrace", "gettrace", "setprofile", "_getframe", "modules", "count_steps"),
    *("__dict__", "__globals__", "__builtins__", "__getattribute__", "__subclasses__"),
    *("__code__", "__closure__", "__wrapped__", "__mro__", "__base__", "__bases__"),
}
LOOPS_IN_DISGUISE = (
    *("numpy.vectorize", "numpy.frompyfunc", "numpy.apply_along_axis"),
    *("numpy.apply_over_axes", "numpy.fromiter", "numpy.fromfunction", "numpy.nditer"),
    *("numpy.ndenumerate", "numpy.ndindex", "torch.vmap", "torch.func.vmap"),
)
LOOPS_OF_PYTHON = ("map", "filter", "reversed", "itertools", "functools", "operator")
# A name may stand for several things, and `frame = frame.f_back` for ever longer ones: whoever
# needs more than this to say what is called is hiding it.
MOST_PARTS, MOST_MEANINGS, MOST_ROUNDS = 8, 32, 16


@dataclass(frozen=True)
class Contract:
    """What an answer may not use; hidden check files state one for each question that has any.

    Attributes:
        forbidden: dotted names such as "numpy.linalg.norm" or "scipy"; what lies below a name is
            forbidden with it.
    """

    forbidden: tuple[str, ...]


@dataclass
class _Names:
    """What each name of a module stands for, as far as a reader can tell."""

    known: dict[str, set[str]] = field(default_factory=dict)

    def learn(self, name: str, dotted: Iterable[str]) -> bool:
        known = self.known.setdefault(name, set())
        before = len(known)
        known.update(sorted(dotted)[: MOST_MEANINGS - before])
        return len(known) > before


def findings(
    contract: Contract,
    answer: str,
    *,
    names: Iterable[str],
    others: Iterable[str],
    given: Iterable[str],
) -> tuple[str, ...]:
    """What staff should look at in an answer and in the code that it can reach, a sentence each.

    Args:
        contract: of the question.
        answer: the source of the answer cell.
        names: what the question asks to be defined there.
        others: the sources of the student's other cells; of these, what the answer uses by name
            and what acts on its own counts.
        given: the released cells, which tell what names such as `np` stand for.
    """
    try:
        return _findings(contract, answer, names, others, given)
    except RecursionError:
        return ("the code is nested too deeply to be read",)


def _findings(
    contract: Contract,
    answer: str,
    names: Iterable[str],
    others: Iterable[str],
    given: Iterable[str],
) -> tuple[str, ...]:
    own = [s for source in (answer, *others) for s in cells.parsed(source) or []]
    known = _learn(ast.Module([*own, *(s for g in given for s in cells.parsed(g) or [])], []))
    tree = ast.Module(_reached(own, set(names)), [])
    seen: dict[str, tuple[str, int]] = {}
    for name, what, line in _suspects(tree, known, contract):
        seen.setdefault(name, (what, line))
    return tuple(
        f"{name} is used (line {line} of its cell), {what}"
        for name, (what, line) in seen.items()
        if not any(other.startswith(f"{name}.") for other in seen)  # told by its longest form
    )


def _reached(statements: list[ast.stmt], names: set[str]) -> list[ast.stmt]:
    """What sets one of the names, what that uses, at any remove, and what acts by itself."""
    setters: dict[str, list[ast.stmt]] = {}
    for statement in statements:
        for name in names_set(statement):
            setters.setdefault(name, []).append(statement)
    acting = [s for s in statements if not names_set(s) and not _is_check(s, set(setters))]
    acting += setters.pop("*", [])  # a star import sets any name
    reached: dict[ast.stmt, None] = {}
    waiting = [*acting, *(s for name in names for s in setters.pop(name, []))]
    while waiting:
        statement = waiting.pop()
        if statement not in reached:
            reached[statement] = None
            for node in ast.walk(statement):
                if isinstance(node, ast.Name):
                    waiting += setters.pop(node.id, [])
    return list(reached)


def _is_check(statement: ast.stmt, bound: set[str]) -> bool:
    """Whether a statement is the course's own `check(...)`, which students like to repeat."""
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Name(id="check"))):
            return "check" not in bound
    return False


def _suspects(
    tree: ast.Module, known: _Names, contract: Contract
) -> Iterator[tuple[str, str, int]]:
    """Names that are not allowed or that can hide something: the name, why, and the line."""
    plain = [
        n.func for n in ast.walk(tree) if isinstance(n, ast.Call) and _constant_getattr(n, known)
    ]
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Attribute) and node.attr in HIDING_ATTRIBUTES:
            yield node.attr, HIDES_WHAT, line
        if isinstance(node, ast.ImportFrom) and any(a.name == "*" for a in node.names):
            yield f"everything from {node.module}", HIDES_WHAT, line
        if node in plain:
            continue  # getattr(thing, "name") is told by the name it stands for
        for name in sorted(_dotted(node, known)):
            if _below(name, contract.forbidden):
                yield name, NOT_ALLOWED, line
            elif _below(name, HIDING_MODULES) or (name in HIDES and isinstance(node, ast.Name)):
                yield name, HIDES_WHAT, line


def _dotted(node: ast.AST, known: _Names) -> set[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return set(_imported(node))
    if isinstance(node, ast.Name | ast.Attribute):
        return _resolve(node, known)
    return _constant_getattr(node, known) if isinstance(node, ast.Call) else set()


def _learn(tree: ast.Module) -> _Names:
    """Follows imports and plain assignments until nothing new is learnt."""
    names = _Names()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names.learn(alias.asname or alias.name.split(".")[0], [_of_import(alias)])
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                names.learn(alias.asname or alias.name, [f"{node.module}.{alias.name}"])
    assigned = [(t, v) for node in ast.walk(tree) for t, v in _assignments(node)]
    for _ in range(MOST_ROUNDS):
        learnt = [names.learn(target, _resolve(value, names)) for target, value in assigned]
        if not any(learnt):
            break
    return names


def _assignments(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _pairs(target, node.value)
    elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
        yield from _pairs(node.target, node.value)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        arguments = [*node.args.posonlyargs, *node.args.args]
        defaults = node.args.defaults
        for argument, value in zip(
            arguments[len(arguments) - len(defaults) :], defaults, strict=True
        ):
            yield argument.arg, value
        for argument, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
            if default is not None:
                yield argument.arg, default


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    elif (
        isinstance(target, ast.Tuple | ast.List)
        and isinstance(value, ast.Tuple | ast.List)
        and len(target.elts) == len(value.elts)
    ):
        for one, other in zip(target.elts, value.elts, strict=True):
            yield from _pairs(one, other)


def _resolve(node: ast.expr, names: _Names) -> set[str]:
    """The dotted names that an expression may stand for; empty if it is no plain name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        bases = names.known.get(node.id) or {node.id}
    elif isinstance(node, ast.Call):
        bases = _constant_getattr(node, names)
    elif isinstance(node, ast.IfExp):
        bases = _resolve(node.body, names) | _resolve(node.orelse, names)
    else:
        return set()
    found = {".".join([base, *reversed(parts)]) for base in bases}
    return {name for name in found if name.count(".") < MOST_PARTS}


def _constant_getattr(node: ast.Call, names: _Names) -> set[str]:
    """What `getattr(thing, "name")` stands for."""
    match node:
        case ast.Call(
            func=ast.Name(id="getattr"), args=[thing, ast.Constant(value=str(attribute)), *_]
        ):
            return {f"{base}.{attribute}" for base in _resolve(thing, names)}
    return set()


def _imported(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    for alias in node.names:
        yield f"{node.module}.{alias.name}" if isinstance(node, ast.ImportFrom) else alias.name


def _of_import(alias: ast.alias) -> str:
    return alias.name if alias.asname else alias.name.split(".")[0]


def _below(name: str, tops: Iterable[str]) -> bool:
    return any(name == top or name.startswith(f"{top}.") for top in tops)
