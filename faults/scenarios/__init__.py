"""The fault matrix as functions; importing this registers all of them."""

from faults.scenarios import database, kills, records, zombies

__all__ = ["database", "kills", "records", "zombies"]
