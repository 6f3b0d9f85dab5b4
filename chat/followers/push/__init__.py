"""Pushes: people who are away hear of what is unread, on the devices that they registered.

`follower` finds which devices must be looked at; `pusher` looks, pushes and settles; `planning`
says what is to be done for a device; `delivery` sends to a browser's push service or to a push
gateway.
"""
