"""The finance desk: recording payments, batches for the bank, the bank's results."""
