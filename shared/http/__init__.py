"""HTTP for services: routes that deny by default, problem details, keys, limits, idempotency, and the listeners."""
