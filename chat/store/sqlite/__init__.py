"""The SQLite engine: connections, checkpoints, the lock, and how new messages are stored."""
