"""What the portal knows about itself and its machine: notes, alarms, whether the clock can be believed."""
