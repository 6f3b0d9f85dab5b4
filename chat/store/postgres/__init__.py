"""The PostgreSQL engine: pool, connections, errors, and how new messages are stored."""
