"""Parts of benchmarks/images.py."""
