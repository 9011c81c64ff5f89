"""Parts of the retrieval benchmark.

pictures reads the data, embeddings has what is compared, new_classes what is made for
classes that are held out, quality measures it and keeps what was measured, summary
makes the table, speed times the search.
"""
