"""Parts of benchmarks/balancing.py.

libmtl: the steps of LibMTL, in its own environment. fidelity: the quality of weights.
"""
