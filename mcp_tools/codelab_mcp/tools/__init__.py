"""The tools, one file each: ``add`` registers it with a server."""
