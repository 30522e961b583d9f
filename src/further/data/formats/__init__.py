"""Files of each format, read into a data set."""
