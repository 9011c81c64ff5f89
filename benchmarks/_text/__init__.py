"""Parts of benchmarks/text.py."""
