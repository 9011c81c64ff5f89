"""Imports only go down, torch stays in its packages, and importing us costs little."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import sklearn_mtl

PACKAGE = "sklearn_mtl"
ROOT = Path(sklearn_mtl.__file__).parent

# Lowest first. A part is a folder or a module directly under the package; the root
# `__init__` may import from any layer.
LAYERS = (
    {"utils", "exceptions", "tasks", "_version"},
    {
        *("preprocessing", "losses", "modules", "balancing"),
        *("datafits", "penalties", "solvers"),
        *("metrics", "model_selection", "datasets", "uncertainty"),
        "persistence",  # nets write checkpoints with it
    },
    {"neural_network", "linear_model", "multioutput", "neighbors"},
    {"ensemble", "inspection"},
    {"comparison", "grouping"},
    {"export"},
    {"command_line", "__main__", "__init__"},
)
LEVEL = {part: level for level, layer in enumerate(LAYERS) for part in layer}
SIBLINGS = {
    ("exceptions", "utils"),
    ("utils", "_version"),
    ("utils", "exceptions"),
    ("tasks", "exceptions"),
    ("exceptions", "tasks"),
    ("tasks", "utils"),
    ("utils", "tasks"),
    ("modules", "preprocessing"),
    ("comparison", "grouping"),
    ("solvers", "penalties"),
    ("solvers", "datafits"),
    ("model_selection", "metrics"),
    ("__main__", "command_line"),
    ("__init__", "command_line"),
    ("__init__", "__main__"),
}
TORCH_PARTS = {
    *("losses", "modules", "balancing", "neural_network"),
    *("persistence", "export"),
}
# The only files that may name what scikit-learn and skorch keep private; the second has
# the classes whose tables a saved model is checked for.
PRIVATE_GATES = ("utils/_private.py", "persistence/_private.py")
# What a user who only wants a metric or a linear model must not wait for.
HEAVY = ("torch", "skorch", "matplotlib", "jinja2", "pandas")


class Import(NamedTuple):
    """One imported dotted name, and the file and line that ask for it."""

    file: str
    line: int
    name: str

    @property
    def part(self) -> str:
        """The part of the package that the file belongs to."""
        return self.file.split("/")[0].removesuffix(".py")

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {self.name}"


def imports_of(root: Path) -> Iterator[Import]:
    """Yield every import below `root`, also those inside functions."""
    for path in sorted(root.rglob("*.py")):
        file = path.relative_to(root).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                for name in imported_names(node, file):
                    yield Import(file, node.lineno, name)


def imported_names(node: ast.Import | ast.ImportFrom, file: str) -> list[str]:
    """Return the absolute dotted names that one statement imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    prefix = [node.module] if node.module else []
    if node.level:
        folders = [PACKAGE, *file.split("/")[:-1]]
        prefix = folders[: len(folders) - node.level + 1] + prefix
    return [".".join([*prefix, alias.name]) for alias in node.names]


def goes_up(found: Import) -> bool:
    """Say whether an import of our own package does not go down."""
    package, _, rest = found.name.partition(".")
    part = rest.split(".")[0]
    if package != PACKAGE or part in ("", found.part) or part not in LEVEL:
        return False  # a name of the root, such as __version__, is no part
    if (found.part, part) in SIBLINGS:
        return False
    return LEVEL[part] >= LEVEL[found.part]


def loads_torch_elsewhere(found: Import) -> bool:
    """Say whether torch or skorch is imported outside its packages."""
    of_torch = found.name.split(".")[0] in ("torch", "skorch")
    # The gate names skorch's private parts, and imports them when asked.
    return (
        of_torch and found.part not in TORCH_PARTS and found.file not in PRIVATE_GATES
    )


def opens_a_private_file(found: Import) -> bool:
    """Say whether a private file of another room is imported; utils is everyone's."""
    package, *rest = found.name.split(".")
    is_private = any(name.startswith("_") for name in rest[1:])
    is_ours = package == PACKAGE and rest[:1] not in ([], ["utils"], ["_version"])
    return is_ours and is_private and rest[0] != found.part


def names_private(found: Import) -> bool:
    """Say whether a private name of scikit-learn or skorch passes by the gate."""
    package, *rest = found.name.split(".")
    is_private = any(name.startswith("_") for name in rest)
    return (
        package in ("sklearn", "skorch")
        and is_private
        and found.file not in PRIVATE_GATES
    )


RULES = {
    "imports go down": goes_up,
    "torch stays in its packages": loads_torch_elsewhere,
    "private files stay in their room": opens_a_private_file,
    "private names pass the gate": names_private,
}


@pytest.mark.parametrize("rule", RULES)
def test_the_package_keeps_its_layers(rule):
    assert [str(found) for found in imports_of(ROOT) if RULES[rule](found)] == []


def test_every_part_has_a_layer():
    parts = {path.name for path in ROOT.iterdir() if (path / "__init__.py").exists()}
    parts |= {path.stem for path in ROOT.glob("*.py")}
    assert parts - LEVEL.keys() == set()


@pytest.mark.parametrize(
    ("rule", "file", "line"),
    [
        ("imports go down", "metrics/_a.py", "from sklearn_mtl.comparison import x"),
        ("imports go down", "metrics/_a.py", "from ..model_selection import x"),
        ("imports go down", "utils/_a.py", "def f():\n    import sklearn_mtl.losses"),
        ("imports go down", "utils/_a.py", "from sklearn_mtl import metrics"),
        (
            "private files stay in their room",
            "comparison/_a.py",
            "from sklearn_mtl.metrics._b import x",
        ),
        ("torch stays in its packages", "metrics/_a.py", "import torch.nn as nn"),
        ("torch stays in its packages", "utils/_a.py", "from skorch import NeuralNet"),
        ("private names pass the gate", "metrics/_a.py", "from sklearn.base import _x"),
        ("private names pass the gate", "utils/_a.py", "from sklearn._loss import y"),
    ],
)
def test_a_broken_rule_is_found(tmp_path, rule, file, line):
    (tmp_path / file).parent.mkdir()
    (tmp_path / file).write_text(line)
    assert len([found for found in imports_of(tmp_path) if RULES[rule](found)]) == 1


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("metrics/_a.py", "from sklearn_mtl.utils import x"),
        ("metrics/_a.py", "from ._b import x"),
        ("metrics/_a.py", "from sklearn_mtl.metrics.c._b import x"),
        ("metrics/_a.py", "from sklearn_mtl import __version__"),
        ("model_selection/_a.py", "from sklearn_mtl.metrics import x"),
        ("neural_network/_a.py", "import torch"),
        ("utils/_private.py", "from sklearn.base import _fit_context"),
        ("__init__.py", "from .comparison import compare"),
    ],
)
def test_a_kept_rule_is_let_pass(tmp_path, file, line):
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(line)
    found = list(imports_of(tmp_path))
    assert found
    assert not [one for one in found for broken in RULES.values() if broken(one)]


def light_parts() -> list[str]:
    """Return the parts up to the estimators' layer that need no torch."""
    parts = [part for layer in LAYERS[:3] for part in sorted(layer - TORCH_PARTS)]
    there = {path.stem for path in ROOT.glob("*.py")}
    there |= {path.parent.name for path in ROOT.glob("*/__init__.py")}
    # Last: sklearn.datasets loads pandas, and what is loaded is not seen again.
    return sorted(there.intersection(parts), key="datasets".__eq__)


IMPORT_AND_TELL = """
import importlib, json, sys
package, heavy, parts = json.loads(sys.argv[1])

def loaded():
    return {name for name in heavy if name in sys.modules}

ours = {}
for part in ["", *parts]:
    try:  # what scikit-learn's namesake loads is not ours
        importlib.import_module(f"sklearn.{part}" if part else "sklearn")
    except ModuleNotFoundError:
        pass
    before = loaded()
    importlib.import_module(f"{package}.{part}" if part else package)
    ours[part] = sorted(loaded() - before)
print(json.dumps(ours))
"""


def loaded_by_importing(parts: list[str], heavy: tuple[str, ...]) -> dict:
    """Import parts one after the other in a new process; return what each loads."""
    asked = json.dumps([PACKAGE, heavy, parts])
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_AND_TELL, asked],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_importing_us_loads_nothing_heavy():
    parts = light_parts()
    assert "utils" in parts
    loaded = loaded_by_importing(parts, HEAVY)
    assert {part: names for part, names in loaded.items() if names} == {}


def test_a_heavy_import_is_named():
    loaded = loaded_by_importing(["utils"], ("sklearn_mtl.utils",))
    assert loaded == {"": [], "utils": ["sklearn_mtl.utils"]}
