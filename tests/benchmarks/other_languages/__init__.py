"""Queries about repositories in other languages than those that the ranking was made with."""
