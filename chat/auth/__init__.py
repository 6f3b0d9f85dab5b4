"""Who is asking: tokens, keys, passwords."""
