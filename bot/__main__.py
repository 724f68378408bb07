"""`python -m bot` is `canal`."""

from __future__ import annotations

from bot.cli.start import main

if __name__ == "__main__":
    main()
