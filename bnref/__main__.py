"""`python -m bnref` is `bnref`."""

import sys

from bnref.cli import main

if __name__ == "__main__":
    sys.exit(main())
