"""An application from its draft to its submission, and orders called off before they were sent."""
