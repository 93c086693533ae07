"""Bank accounts: the only sensitive personal data, sealed, with consent, erased in time."""
