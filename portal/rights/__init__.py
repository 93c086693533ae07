"""Who may ask for what, until when, and on which ground; the rules of a shop and of the platform."""
