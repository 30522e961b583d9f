"""Objects marked in pictures: a file for each format, which reads and writes it."""
