"""Announcements: what processes say to each other besides changes of conversations."""

from chat.events import AccountChanged, FamilyRevoked, UserErased


class Announcements:
    """A listener overrides these methods. By themselves they do nothing."""

    def revoked(self, event: FamilyRevoked) -> None:
        """The tokens of this family work no more."""

    def erased(self, event: UserErased) -> None:
        """This user is no user any more."""

    def account_changed(self, event: AccountChanged) -> None:
        """Staff changed what this user may do."""

    def missed(self) -> None:
        """The relay was away, or spoke of something unknown: anything may have been announced."""

    def suspect(self) -> None:
        """Others speak of another epoch."""

    def went_back(self, conversation_id: int, known: int, stored: int) -> None:
        """The members here are at `known`, and the database has only `stored`."""
