"""What a family of kinds says of itself."""

from msgspec import Struct

from chat.events import ChangeFrame


class Family(Struct, frozen=True):
    """Kinds of changes of one subject, such as a message that is edited or deleted.

    `examples` has a frame of each kind, as the documents show it.
    """

    examples: tuple[ChangeFrame, ...]


def name_of(frame: ChangeFrame | type[ChangeFrame]) -> str:
    """A kind's name: its `type` on the wire."""
    return str(frame.__struct_config__.tag)
