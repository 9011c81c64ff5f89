"""The parts of benchmarks/balancing.py.

libmtl: its steps, in an environment of their own. fidelity: how good weights are.
"""
