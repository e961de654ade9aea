"""Encryption of personal columns: a key for each referral, wrapped by master keys that can be rotated."""
