"""The parts of benchmarks/accuracy.py, in the order in which they are used.

tables: data and splits. peers, search, ours: the models. errors: what is measured.
jobs: one model on one split. cache: what was measured before. summary: the numbers of
the targets. report: tables. variants: what --ablate says.
"""
