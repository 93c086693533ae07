"""Before and after the case itself: how content people were with it, and what the shop makes of that. No steps."""
