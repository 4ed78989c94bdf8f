"""The fault matrix as functions; importing this registers all of them."""

from faults.scenarios import cluster, database, kills, odds, records, versions, zombies

__all__ = ["cluster", "database", "kills", "odds", "records", "versions", "zombies"]
