"""Fitted models as ONNX graphs: what each part computes, node by node."""

from sklearn_mtl.export._to_onnx import to_onnx

__all__ = ["to_onnx"]
