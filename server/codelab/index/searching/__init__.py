"""From a query to passages: gather them, weigh the evidence, put them in one order."""
