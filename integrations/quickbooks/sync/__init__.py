"""Following the books: what changed is heard of, fetched, and taken over by the very code of the imports."""
