import pytest

from sklearn_mtl.utils._docstrings import fill_docstring

PART = """\
    alpha : float
        How much.
    beta : int
        How many."""

KEPT = """Summary.

    Parameters
    ----------
    {part}
    gamma : str
        Who.
    """
TAKEN = KEPT.replace("\n    ", "\n")


@pytest.mark.parametrize(
    "doc", [KEPT, TAKEN], ids=["indented", "as Python 3.13 has it"]
)
def test_entries_line_up_whatever_the_indentation_of_the_docstring(doc):
    cls = fill_docstring(type("Probe", (), {"__doc__": doc}), part=PART)
    assert cls.__doc__ == (
        "Summary.\n\nParameters\n----------\n"
        "alpha : float\n    How much.\nbeta : int\n    How many.\n"
        "gamma : str\n    Who.\n"
    )
