"""The relay to the other nodes: none, over Redis, or over Redis Cluster."""
