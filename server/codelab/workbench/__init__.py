"""The one door the faces use: plain data in, events out."""
