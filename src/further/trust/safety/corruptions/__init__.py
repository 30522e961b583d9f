"""Ways in which rows get worse in use: those of pictures and those of tables."""
