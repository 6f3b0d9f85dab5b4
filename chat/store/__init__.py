"""What lasts: the database, one query module per noun, the writer, files."""
