"""The same work on what others would pick. Each program here runs in an environment of its own: see bench.peers_environment."""
