"""Chooses the relay of a process.

A relay is imported when it is chosen. So a server without Redis never imports redis-py, which
takes a tenth of the time of a start.
"""

from chat.realtime.relay.local import LocalRelay
from chat.realtime.relay.relay import Relay


def relay_over(redis_url: str) -> Relay:
    """The relay that REDIS_URL asks for."""
    if not redis_url:
        return LocalRelay()
    from chat.realtime.relay.cluster_map import is_cluster  # noqa: PLC0415 - for Redis alone

    if is_cluster(redis_url):
        from chat.realtime.relay.cluster_relay import ClusterRelay  # noqa: PLC0415 - the same

        return ClusterRelay(redis_url)
    from chat.realtime.relay.redis_relay import RedisRelay  # noqa: PLC0415 - the same

    return RedisRelay(redis_url)
