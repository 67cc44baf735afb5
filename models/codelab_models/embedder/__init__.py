"""The bundled embedder: a table of word vectors that needs no download and nothing but numpy."""
