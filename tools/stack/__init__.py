"""The local stack: PostgreSQL, Kafka and the services as child processes, data under `.local/`.

`python -m tools.stack.up` is `make up`; `python -m tools.stack.serve` runs one server for tests.
"""
