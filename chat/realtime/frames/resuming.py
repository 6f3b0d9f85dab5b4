"""Resuming on an open socket: one conversation, or all of `/ws/`."""

from chat.errors import Conflict, InvalidInput
from chat.realtime.answers import Handlers
from chat.realtime.client_frames import Resume
from chat.realtime.given_seqs import seq_of
from chat.realtime.hub import Hub
from chat.realtime.own_settings import OwnSettingsNews
from chat.realtime.resume import CatchingUp
from chat.realtime.subscribers import Subscriber, UserSocket
from chat.realtime.whole_resume import WholeResume
from chat.services.history import require_valid
from chat.store.sends import not_a_participant


class ResumeFrames:
    def __init__(
        self, hub: Hub, catching_up: CatchingUp, whole: WholeResume, own_settings: OwnSettingsNews
    ) -> None:
        self._hub = hub
        self._catching_up = catching_up
        self._whole = whole
        self._own_settings = own_settings
        self.handlers: Handlers = {Resume: self._resume}

    def _resume(self, connection: Subscriber, conversation_id: int | None, frame: Resume) -> None:
        require_valid(frame.epoch)
        if conversation_id is None:
            assert isinstance(connection, UserSocket)
            self._whole.start(connection, frame)
            return
        if frame.cursor is not None:
            raise InvalidInput({"cursor": ["Stands for all conversations: for one, give `since`."]})
        since = seq_of(frame.since)
        if not self._hub.is_in(connection, conversation_id):
            raise not_a_participant()
        if self._hub.is_resuming(connection, conversation_id):
            raise Conflict("An earlier resume is still under way.")
        self._hub.begin_resuming(connection, conversation_id, since)
        self._catching_up.start(connection, conversation_id, since, frame.epoch, frame.ref)
        if isinstance(connection, UserSocket):
            self._own_settings.look(connection, {conversation_id: since})
