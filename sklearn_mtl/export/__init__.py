"""Export of fitted models to ONNX."""

from sklearn_mtl.export._to_onnx import to_onnx

__all__ = ["to_onnx"]
