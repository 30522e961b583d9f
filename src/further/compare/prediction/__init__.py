"""Models that predict a class or a number, from the most transparent to the most opaque."""
