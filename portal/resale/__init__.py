"""The chain of two cases (铺货): downstream orders, what passes across, alarms, consumers' links."""
