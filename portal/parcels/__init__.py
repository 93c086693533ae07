"""Carriers, scans and what is known of a parcel; nothing here moves a case."""
