"""`python -m bot` is `canal`."""

from __future__ import annotations

from bot.cli.main import main

if __name__ == "__main__":
    main()
