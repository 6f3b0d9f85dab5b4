"""`python -m chat`."""

import os
import sys

from chat.cli import main

sys.exit(main(sys.argv[1:], os.environ))
