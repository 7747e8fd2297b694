"""Crezco as a business knows it that is paid by bank: demands, the payers' page, and unsigned webhooks."""
