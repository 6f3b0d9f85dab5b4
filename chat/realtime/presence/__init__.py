"""Presence: which users are online, on any node, and who gets to know of it.

A user is online while a socket of that user is open on some node. `board` is where the nodes
write down their own users; `presence` is the loop of one node, which writes there and sends the
`presence` frames.
"""
