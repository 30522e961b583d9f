"""Every way in: named sets, tables, picture folders, IDX and NumPy files, and their splits."""
