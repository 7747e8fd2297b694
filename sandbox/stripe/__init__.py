"""Stripe, as far as a business that is paid through Checkout meets it."""
