"""`python -m chat`, and `payam` where it is installed."""

import gc
import os
import sys

from chat import cli

CUT = 128 + 13
"""The exit status of a program whose output nobody reads any more, as shells count SIGPIPE."""
INTERRUPTED = 128 + 2
"""That of one whose user pressed Ctrl-C, as shells count SIGINT."""


def main() -> None:
    gc.freeze()  # what was imported stays: nothing of it is looked through at the end
    os.umask(0o077)  # what is made under DATA_DIR is its owner's alone
    try:
        try:
            status = cli.main(sys.argv[1:], os.environ)
        except KeyboardInterrupt:
            status = INTERRUPTED
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # Who reads the output, such as `head`, wants no more of it. Python would flush the rest at
        # the end, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = CUT
    sys.exit(status)


if __name__ == "__main__":
    main()
