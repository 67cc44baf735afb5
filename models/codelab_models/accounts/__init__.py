"""What was asked of models, what it cost, and the person's limits of both.

The model host keeps the accounts of all requests that pass it. A face that asks an endpoint or the editor's
own model keeps those of its requests in the same file, so that one limit holds for all.
"""
