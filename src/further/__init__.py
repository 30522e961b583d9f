"""further."""
