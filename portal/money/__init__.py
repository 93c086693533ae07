"""What units are worth, the payment ledger, and the accounts refunds go to; no pages."""
