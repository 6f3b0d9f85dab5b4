"""`python -m chat`, and `payam` where it is installed."""

import gc
import os
import sys

from chat import cli


def main() -> None:
    gc.freeze()  # what was imported stays: nothing of it is looked through at the end
    os.umask(0o077)  # what is made under DATA_DIR is its owner's alone
    sys.exit(cli.main(sys.argv[1:], os.environ))


if __name__ == "__main__":
    main()
