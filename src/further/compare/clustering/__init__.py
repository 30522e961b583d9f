"""A table clustered, with the evidence."""
