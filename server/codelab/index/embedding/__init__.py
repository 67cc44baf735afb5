"""From chunks to vectors, in the background, while the index is searched."""
