"""What agents do with a ticket as a whole, and how its card shows it."""

from __future__ import annotations
