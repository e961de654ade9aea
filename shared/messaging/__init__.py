"""How services speak: an event is written with the state it tells of (outbox), sent until confirmed (relay), taken once
(inbox), tried again when it fails and parked for a person when it fails for good. On RabbitMQ and in one process alike."""
