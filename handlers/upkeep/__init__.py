"""What is done once in a while: starting, forgetting, cleaning up."""

from __future__ import annotations
