"""Parts of the retrieval benchmark.

pictures reads the data, embeddings has the compared embeddings, new_classes the
embedding for classes that are held out. quality measures them and stores the results,
summary makes the table, and speed times the search.
"""
