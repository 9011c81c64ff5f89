"""Parts of the retrieval benchmark.

pictures reads the data, embeddings has what is compared, quality measures it and keeps
what was measured, summary makes the table, speed times the search.
"""
