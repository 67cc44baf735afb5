"""Settings and the places where CodeLab keeps its files.

Import from the modules: ``places`` (folders; cheap to import), ``settings`` (the declarations), ``load``,
``edit`` and ``catalog`` (the settings as a list). All but ``places`` bring in pydantic.
"""
