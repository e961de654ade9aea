"""Signed webhooks: an agency's events pushed to an address of its own, each at least once, in order for each referral."""
