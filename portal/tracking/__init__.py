"""Asking carriers, pasted tables and the monitor: words about parcels that move cases."""
