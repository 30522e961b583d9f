"""How many clusters there are, if any."""
