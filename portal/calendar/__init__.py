"""Working days, holidays, office hours and the clock; no rule about cases."""
