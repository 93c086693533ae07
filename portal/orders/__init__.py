"""Orders, their lines and the ledger of claimed units, products and customers."""
