"""What the Makefile calls. setup.py, run.py, test.py and postgres.py use the standard library alone."""
