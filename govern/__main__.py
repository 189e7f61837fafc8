"""`python -m govern` is the `govern` command."""

from govern.cli import main

raise SystemExit(main())
