"""The notifications service: tells agency and referrer by e-mail that something happened to a referral, and no more."""
