"""`make verify`: nothing was lost, proved from sources that do not know of each other; gaps by id.

`evidence` brings all that was said and all that is stored into one throw-away SQLite file; `checks`
compares the two, one SQL statement a promise. It only reads, and may run at any time.
"""
