"""Pushes: people who are away hear of what is unread, on the devices that they registered.

`follower` finds which devices must be looked at, and `seen` those that show what was read since.
`pusher` looks, pushes and settles: `planning` says what is to be done for a device, `making` what
is pushed, and `delivery` sends it to a push service of browsers or to a gateway. `origins` leaves
those alone that fail.
"""
