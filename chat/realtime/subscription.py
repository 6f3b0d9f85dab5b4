"""What stands between a connection and a conversation, while the connection is not plainly live."""


class Subscription:
    """A connection's place in a conversation while it is not plainly live.

    While it `is_reading`, the connection reads what it missed, and is sent nothing live. Then,
    if that led beyond the group, it is ahead: `position` is the `seq` up to which it has all,
    and it is sent what is after that, until the group is there too.
    """

    __slots__ = ("is_reading", "position")

    def __init__(self) -> None:
        self.is_reading = True
        self.position = 0


class Absent(Subscription):
    """The place of a live socket in a group in which it is not, though another of its user is."""

    __slots__ = ()


ABSENT = Absent()
