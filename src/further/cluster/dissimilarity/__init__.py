"""What is near to what: distances by name, categories, mixed rows, nearest rows."""
