"""Models: what passes between CodeLab and a model, the model host, and the client that talks to it."""
