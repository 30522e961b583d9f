"""What predictions of held-out rows are worth: of classes, and of numbers."""
