"""Models in GGUF files: each in a child process of the host, where llama.cpp runs.

A native crash costs the call in flight and nothing else. ``pool`` loads and unloads them, ``process`` talks
to one, ``backend`` speaks the terms of the OpenAI API, ``child`` is the program in the process.
"""
