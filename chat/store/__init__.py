"""What lasts: the database, one query module a noun, the writer, files."""
