"""The kinds of server that can be loaded, by the name each has on the command line."""

from collections.abc import Mapping

from loadtest.targets.channels import Channels
from loadtest.targets.ejabberd import Ejabberd
from loadtest.targets.nchan import Nchan
from loadtest.targets.payam import Payam
from loadtest.targets.socketio import SocketIO
from loadtest.targets.target import Target
from loadtest.targets.uwebsockets import UWebSockets

TARGETS: Mapping[str, Target] = {
    "payam": Payam(),
    "channels": Channels(),
    "socketio": SocketIO(),
    "nchan": Nchan(),
    "ejabberd": Ejabberd(),
    "uwebsockets": UWebSockets(),
}
