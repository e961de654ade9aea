"""Following a referral: by the link, and with a one-time code by whoever made it or the family."""
