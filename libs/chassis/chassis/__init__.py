"""How a service runs: inbox, outbox, relay, consumers, failures, web; no word of the domain."""
