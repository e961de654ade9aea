"""What people did, written so that nobody can change it unseen: append-only, each entry chained to the one before."""
