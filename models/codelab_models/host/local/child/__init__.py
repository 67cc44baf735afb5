"""The program in the child process of one loaded model: the only code that imports llama_cpp.

It reads requests from its standard input and writes events to its standard output, one JSON object in a line
each. ``__main__`` says which there are.
"""
