"""The way to the other processes: in memory, over Redis, over Redis Cluster."""
