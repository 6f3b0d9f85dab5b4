"""Servers that do Payam's job another way, to be measured against; and Payam as one of them."""

from loadtest.peers.channels_drf import CHANNELS
from loadtest.peers.ejabberd import EJABBERD
from loadtest.peers.nchan import NCHAN
from loadtest.peers.payam import (
    PAYAM,
    PAYAM_FOUR_WORKERS,
    PAYAM_SQLITE,
    PAYAM_TWO_WORKERS,
)
from loadtest.peers.peer import Peer
from loadtest.peers.socketio import SOCKETIO
from loadtest.peers.synapse import SYNAPSE
from loadtest.peers.uwebsockets import UWEBSOCKETS

PEERS: tuple[Peer, ...] = (
    PAYAM,
    PAYAM_SQLITE,
    PAYAM_TWO_WORKERS,
    PAYAM_FOUR_WORKERS,
    CHANNELS,
    SOCKETIO,
    NCHAN,
    UWEBSOCKETS,
    EJABBERD,
    SYNAPSE,
)
