"""The bottom layer: ids, positions, events and errors. Standard library only."""
