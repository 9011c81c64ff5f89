"""Parts of benchmarks/accuracy.py, in the order in which they are used.

tables: data and splits. peers, search, ours: the models. errors: the errors. jobs: one
model on one split. cache: stored results. summary: the values of the targets. report:
tables. variants: the variants of --ablate.
"""
