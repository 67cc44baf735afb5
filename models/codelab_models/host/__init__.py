"""The model host: one process per person that reaches every provider through litellm.

Only this package imports litellm, and only this process. Faces talk to it over the OpenAI chat API, see
``codelab_models.start`` and ``codelab_models.connect``.
"""
