"""`python -m tune` is the command `tune`."""

from tune.cli import main

raise SystemExit(main())
