"""Chooses the relay of a process."""

from chat.realtime.relay.cluster_map import is_cluster
from chat.realtime.relay.cluster_relay import ClusterRelay
from chat.realtime.relay.local import LocalRelay
from chat.realtime.relay.redis_relay import RedisRelay
from chat.realtime.relay.relay import Relay


def relay_over(redis_url: str) -> Relay:
    """The relay that REDIS_URL asks for."""
    if not redis_url:
        return LocalRelay()
    return ClusterRelay(redis_url) if is_cluster(redis_url) else RedisRelay(redis_url)
