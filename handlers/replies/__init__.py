"""An agent wrote: a reply that will leave, or a note that never does."""

from __future__ import annotations
