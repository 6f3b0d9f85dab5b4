"""What goes through the pipe from a serving process to the followers' process.

First come the settings, with their length before them. Then comes, each time that something was
stored, the number of all changes that the serving process has stored. Its end says that the
serving process has ended.
"""

from struct import Struct

SETTINGS_LENGTH = Struct(">I")
STORED = Struct(">Q")
