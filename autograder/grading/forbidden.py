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

HIDES = {
    *("exec", "eval", "compile", "__import__", "globals", "locals", "vars", "breakpoint"),
    *("getattr", "setattr", "delattr"),
}
HIDING_MODULES = (
    *("builtins", "ctypes", "importlib", "imp", "inspect", "gc", "pickle", "runpy", "marshal"),
    *("subprocess", "multiprocessing", "threading", "_thread", "concurrent", "os.system"),
    *("os.fork", "os.exec", "os.spawn", "os.popen", "pty", "torch._C", "torch.ops", "torch._ops"),
    *("sys.modules", "sys._getframe", "sys.settrace", "operator.attrgetter"),
    *("operator.methodcaller", "torch.utils.cpp_extension", "numpy.ctypeslib", "cffi"),
)
HIDING_ATTRIBUTES = {
    *("__dict__", "__globals__", "__builtins__", "__getattribute__", "__subclasses__"),
    *("__code__", "__closure__", "__wrapped__", "__mro__", "__base__", "__bases__"),
}
LOOPS_IN_DISGUISE = (
    *("numpy.vectorize", "numpy.frompyfunc", "numpy.apply_along_axis"),
    *("numpy.apply_over_axes", "numpy.fromiter", "numpy.fromfunction", "numpy.nditer"),
    *("numpy.ndenumerate", "numpy.ndindex", "torch.vmap", "torch.func.vmap"),
)


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
        before = len(self.known.setdefault(name, set()))
        self.known[name].update(dotted)
        return len(self.known[name]) > before


def findings(
    contract: Contract, answer: str, others: Iterable[str], given: Iterable[str]
) -> tuple[str, ...]:
    """What staff should look at in an answer and in the code that it can reach, a sentence each.

    Args:
        contract: of the question.
        answer: the source of the answer cell.
        others: the sources of the student's other cells; of these, what the answer uses by name
            and what acts on its own counts.
        given: the released cells, which tell what names such as `np` stand for.
    """
    own = _reached(cells.parsed(answer) or [], [s for o in others for s in cells.parsed(o) or []])
    tree = ast.Module(own, [])
    names = _learn(ast.Module([*own, *(s for g in given for s in cells.parsed(g) or [])], []))
    plain = [
        n.func for n in ast.walk(tree) if isinstance(n, ast.Call) and _constant_getattr(n, names)
    ]
    found: dict[str, None] = {}
    for node in ast.walk(tree):
        if node in plain:
            continue  # getattr(thing, "name") is told by the name it stands for
        for sentence in _of_node(node, names, contract):
            found[sentence] = None
    return tuple(found)


def _reached(answer: list[ast.stmt], others: list[ast.stmt]) -> list[ast.stmt]:
    """The answer, and of the others what it uses by name, at any remove, or what acts by itself."""
    reached = [*answer, *(s for s in others if not names_set(s))]
    waiting = [s for s in others if names_set(s)]
    while True:
        used = {n.id for s in reached for n in ast.walk(s) if isinstance(n, ast.Name)}
        fresh = [s for s in waiting if used & names_set(s)]
        if not fresh:
            return reached
        reached += fresh
        waiting = [s for s in waiting if s not in fresh]


def _of_node(node: ast.AST, names: _Names, contract: Contract) -> Iterator[str]:
    line = f" (line {node.lineno} of its cell)" if hasattr(node, "lineno") else ""
    if isinstance(node, ast.Import | ast.ImportFrom):
        dotted = set(_imported(node))
        if isinstance(node, ast.ImportFrom) and any(a.name == "*" for a in node.names):
            yield f"everything is imported from {node.module}{line}"
    elif isinstance(node, ast.Name | ast.Attribute):
        dotted = _resolve(node, names)
    elif isinstance(node, ast.Call) and (named := _constant_getattr(node, names)):
        dotted = named
    else:
        return
    for name in sorted(dotted):
        if _below(name, contract.forbidden):
            yield f"{name} is used, which this question does not allow{line}"
        elif _below(name, HIDING_MODULES) or (name in HIDES and isinstance(node, ast.Name)):
            yield f"{name} is used, which can hide what an answer calls{line}"
    if isinstance(node, ast.Attribute) and node.attr in HIDING_ATTRIBUTES:
        yield f"{node.attr} is used, which can hide what an answer calls{line}"


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
    while any(names.learn(target, _resolve(value, names)) for target, value in assigned):
        pass
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
    if isinstance(node, ast.Name):
        return names.known.get(node.id) or {node.id}
    if isinstance(node, ast.Attribute):
        return {f"{base}.{node.attr}" for base in _resolve(node.value, names)}
    if isinstance(node, ast.Call):
        return _constant_getattr(node, names)
    if isinstance(node, ast.IfExp):
        return _resolve(node.body, names) | _resolve(node.orelse, names)
    return set()


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
