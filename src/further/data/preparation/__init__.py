"""What each column of a table is, decided once for every task."""
