"""`python -m vocab` is the same as the script `vocab`."""

import sys

from vocab.cli import main

sys.exit(main())
