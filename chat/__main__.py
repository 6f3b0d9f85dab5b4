"""`python -m chat`, and `payam` where it is installed."""

import os
import sys

from chat import cli


def main() -> None:
    sys.exit(cli.main(sys.argv[1:], os.environ))


if __name__ == "__main__":
    main()
