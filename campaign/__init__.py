"""Generated bookkeepers, payers and staff against the whole running product, while everything that can goes wrong.

``python -m campaign --steps 10000 --seed 7`` (or ``make campaign``) ends with 0 only when both books and all gateways
agree to the cent, each payment is there once, and every fact was announced exactly once.
"""
