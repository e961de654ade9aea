"""The referrals service: takes referrals, keeps the family's data, tells the referrer what happens."""
