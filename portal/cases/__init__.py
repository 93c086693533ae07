"""The engine of cases: opening, taking steps, the clock, facts, views; no page and no form."""
