"""Parse variants of our models from the command line."""

from __future__ import annotations

import ast
import re

from sklearn_mtl import losses, modules, preprocessing


def parse_variant(text: str) -> tuple[str, str, dict]:
    """Return model, name and parameters of "[model@]name=param:value,...".

    Values are Python literals, or a spec such as PiecewiseLinear(n_splits=0) with
    literals in it; what is neither is a string.
    """
    head, _, body = text.partition("=")
    model, _, name = head.rpartition("@")
    chosen = {}
    for pair in re.split(r",(?=[A-Za-z_]+:)", body):
        parameter, _, value = pair.partition(":")
        chosen[parameter] = read_value(value)
    return model or "net", name, chosen


def read_value(text: str) -> object:
    """Return a literal, a spec of the package, or the text itself."""
    try:
        tree = ast.parse(text, mode="eval").body
        if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name):
            rooms = vars(losses) | vars(preprocessing) | vars(modules)
            if tree.func.id not in rooms:
                raise AttributeError(f"no spec is called {tree.func.id}")
            return rooms[tree.func.id](
                **{k.arg: ast.literal_eval(k.value) for k in tree.keywords}
            )
        return ast.literal_eval(tree)
    except (ValueError, SyntaxError):
        return text
