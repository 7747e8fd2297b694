"""A generated bookkeeper against the whole running product, while everything that can go wrong does.

``python -m campaign --steps 10000 --seed 7`` (or ``make campaign``) ends with 0 only when both books agree to the cent
and every fact was announced exactly once.
"""
