import re

import pytest

from sklearn_mtl.modules import HEADS, MLPHead, read_head


@pytest.mark.parametrize("name", HEADS)
def test_a_name_stands_for_a_spec_with_its_defaults(name):
    assert type(read_head(name, "Net")) is HEADS[name]


def test_a_spec_is_copied():
    spec = MLPHead((3,))
    found = read_head(spec, "Net")
    assert found is not spec
    assert found.get_params() == spec.get_params()


@pytest.mark.parametrize(
    ("head", "error", "message"),
    [
        (
            "tree",
            ValueError,
            "Net: head 'tree' is unknown; allowed are ['feedback', 'linear', 'mlp'].",
        ),
        (MLPHead, TypeError, "Net: head must be a name or a spec such as MLPHead()"),
        (MLPHead(()), ValueError, "MLPHead: hidden_layer_sizes must have at least 1"),
    ],
)
def test_what_is_no_head_is_explained(head, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}"):
        read_head(head, "Net")
