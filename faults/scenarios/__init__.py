"""The fault matrix as functions; importing this registers all of them."""

from faults.scenarios import kills

__all__ = ["kills"]
