"""The services, one folder each; none imports another. `python -m services --help` is the command line."""
