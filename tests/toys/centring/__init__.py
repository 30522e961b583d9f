"""A toy task: by which number are the rows of a table described best? See test_toy_task.py."""
