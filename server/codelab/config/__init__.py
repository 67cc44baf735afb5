"""Settings and the places where CodeLab keeps its files."""
