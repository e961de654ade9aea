"""The pages of the referrals service."""
