"""The demo's world: accounts, orders and cases in every state; only the commands, QA and tests build it."""
