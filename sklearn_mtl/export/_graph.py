"""Builder for ONNX graphs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sklearn_mtl.utils._optional import import_optional

__all__ = ["INPUT", "OPSETS", "Graph", "Value"]

INPUT = "X"
#: Versions of the operators, which all onnxruntime versions since 1.13 support.
OPSETS = {"": 17, "ai.onnx.ml": 3}
IR_VERSION = 8
#: Maximum size in bytes, because a protobuf message is limited to 2 GiB.
LARGEST = 2**31 - 2**20

#: Name of the output of a node, or a constant.
Value = str | np.ndarray


class Graph:
    """ONNX graph under construction, whose values are identified by name.

    Names of values begin with an underscore, unlike names of outputs.

    Attributes
    ----------
    n_features : int
        Number of columns of the input.
    is_bytes : bool
        Whether the input is uint8 instead of float64.
    """

    def __init__(self, n_features: int, *, is_bytes: bool = False) -> None:
        self.onnx = import_optional("onnx", extra="onnx", who="to_onnx")
        self.n_features, self.is_bytes = n_features, is_bytes
        self.nodes: list[Any] = []
        self.numbers: list[Any] = []
        self._known: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self._n_names = 0

    def op(self, kind: str, *inputs: Value, domain: str = "", **attributes: Any) -> str:
        """Append a node with one output and return the name of the output."""
        return self.ops(1, kind, *inputs, domain=domain, **attributes)[0]

    def ops(
        self,
        n_outputs: int,
        kind: str,
        *inputs: Value,
        domain: str = "",
        **attributes: Any,
    ) -> list[str]:
        """Append a node and return the names of its outputs."""
        names = [one if isinstance(one, str) else self.constant(one) for one in inputs]
        made = [self._name(kind) for _ in range(n_outputs)]
        node = self.onnx.helper.make_node(
            kind, names, made, domain=domain, **attributes
        )
        self.nodes.append(node)
        return made

    def constant(self, array: np.ndarray) -> str:
        """Return the name of a constant; equal constants are stored once."""
        array = np.asarray(array, order="C")
        key = array.dtype.str, array.shape, array.tobytes()
        if key not in self._known:
            name = self._known[key] = self._name("constant")
            self.numbers.append(self.onnx.numpy_helper.from_array(array, name))
        return self._known[key]

    def cast(self, value: Value, dtype: Any) -> str:
        """Return a value in another dtype."""
        to = self.onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        return self.op("Cast", value, to=to)

    def take(self, value: Value, index: Any, axis: int = 0) -> str:
        """Return some entries along an axis; an integer index removes the axis."""
        places = index if isinstance(index, str) else np.asarray(index, dtype=np.int64)
        return self.op("Gather", value, places, axis=axis)

    def cut(self, value: str, start: int, stop: int | None, axis: int) -> str:
        """Return a slice along an axis, up to the end of the axis if stop is None."""
        ends = np.iinfo(np.int64).max if stop is None else stop
        return self.op(
            "Slice", value, np.array([start]), np.array([ends]), np.array([axis])
        )

    def full_like(self, number: Any, sizes: Value) -> str:
        """Return an array of the given sizes filled with a number of the same dtype."""
        value = self.onnx.numpy_helper.from_array(np.atleast_1d(number))
        return self.op("ConstantOfShape", sizes, value=value)

    def reshape(self, value: Value, *shape: int) -> str:
        """Return a value in another shape; 0 keeps the size of an axis."""
        return self.op("Reshape", value, np.array(shape, dtype=np.int64))

    def join(self, values: Sequence[Value], axis: int) -> str:
        """Concatenate values."""
        if len(values) == 1 and isinstance(values[0], str):
            return values[0]
        return self.op("Concat", *values, axis=axis)

    def fill(self, number: float, *shape: int) -> str:
        """Return an array (n_samples, *shape) filled with a number."""
        n_samples = self.op("Shape", INPUT, start=0, end=1)
        sizes = self.join([n_samples, np.array(shape, dtype=np.int64)], axis=0)
        return self.full_like(np.float64(number), sizes)

    def inline(self, model: Any, source: str) -> list[str]:
        """Append the nodes of another model with one input and return its outputs.

        Its operators must have the versions `OPSETS`.
        """
        prefix, graph = self._name("part"), model.graph
        known = {graph.input[0].name: source, "": ""}

        def rename(name: str) -> str:
            return known.setdefault(name, f"{prefix}_{name}")

        for number in graph.initializer:
            mine = self.onnx.TensorProto()
            mine.CopyFrom(number)
            mine.name = rename(number.name)
            self.numbers.append(mine)
        for node in graph.node:
            ours = self.onnx.NodeProto()
            ours.CopyFrom(node)
            ours.name = ""
            ours.input[:] = map(rename, node.input)
            ours.output[:] = map(rename, node.output)
            self.nodes.append(ours)
        return [rename(one.name) for one in graph.output]

    def finish(
        self, outputs: Mapping[str, tuple[str, int | None]], about: dict[str, Any]
    ) -> bytes:
        """Return the bytes of the model.

        Parameters
        ----------
        outputs : dict of str to (str, int or None)
            Value and number of columns of each output by name. The number is None for
            values of shape (n_samples,).
        about : dict
            Metadata of the model, written as JSON.
        """
        helper, kinds = self.onnx.helper, self.onnx.TensorProto
        made = []
        for name, (value, width) in outputs.items():
            self.nodes.append(helper.make_node("Identity", [value], [name]))
            shape = ["n_samples"] if width is None else ["n_samples", width]
            made.append(helper.make_tensor_value_info(name, kinds.DOUBLE, shape))
        kind = kinds.UINT8 if self.is_bytes else kinds.DOUBLE
        source = helper.make_tensor_value_info(
            INPUT, kind, ["n_samples", self.n_features]
        )
        graph = helper.make_graph(
            self.nodes, "sklearn_mtl", [source], made, self.numbers
        )
        model = helper.make_model(
            graph,
            producer_name="sklearn_mtl",
            opset_imports=[helper.make_opsetid(*pair) for pair in OPSETS.items()],
            ir_version=IR_VERSION,
        )
        helper.set_model_props(
            model, {key: json.dumps(value) for key, value in about.items()}
        )
        size = model.ByteSize()
        if size > LARGEST:
            raise ValueError(
                f"to_onnx: the graph has {size} bytes; ONNX files are limited to "
                f"{LARGEST} bytes. Fit fewer or smaller trees, or use save()."
            )
        data: bytes = model.SerializeToString(deterministic=True)
        return data

    def _name(self, kind: str) -> str:
        self._n_names += 1
        return f"_{self._n_names}_{kind}"
