"""Eligibility: holds the facts of each referral against every agency's rules and says who can take it, and why."""
