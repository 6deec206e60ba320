"""Puts the root on the path for `reproductions`; loads the plugin."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

pytest_plugins = ["bnref.plugin"]
