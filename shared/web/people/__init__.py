"""People who sign in: accounts by invitation, a pass phrase and a one-time code or their organisation's OpenID, sessions."""
