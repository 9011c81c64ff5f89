"""Parts of benchmarks/sparse_text.py."""
