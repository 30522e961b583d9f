"""The command line: a thin reading of the library, one file a command."""
