"""Conversations about orders, card numbers in them, complaints."""
