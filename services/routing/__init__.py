"""Routing: brings a referral to the agencies that can take it and that the family agreed to; keeps their tasks."""
