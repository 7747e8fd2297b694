"""``python -m campaign``: SQLite, or inside ``python scripts/postgres.py`` a database of that server."""

import argparse
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import django

from campaign import place
from campaign.vendors import vendors_for
from scripts.postgres import free_port


def main() -> int:
    options = arguments()
    site = f"http://127.0.0.1:{free_port()}"
    with vendors_for(site) as vendors, TemporaryDirectory(prefix="tallybook-campaign-") as name:
        folder = Path(name)
        with place.own_database(os.environ.get("DATABASE_URL", ""), folder) as database:
            os.environ.update(place.environment(vendors, database, folder))
            place.prepare()
            django.setup()
            # Models can be imported only now.
            from django.db import connections

            from campaign.play import Options, play

            print(f"seed {options.seed}, {options.books} books, {database.split(':')[0]}", flush=True)
            chosen = Options(options.books, options.steps, options.seed, options.pace, options.kill_every)
            outcome = play(vendors, chosen)
            connections.close_all()
    print(*outcome.lines, *outcome.differences[: options.show], sep="\n", flush=True)
    return 1 if outcome.differences else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m campaign", description="Both books agree, whatever goes wrong.")
    parser.add_argument("--steps", type=int, default=2000, help="what everybody does, all together")
    parser.add_argument("--books", choices=["uk", "us"], default="uk", help="only pounds can be paid by bank")
    parser.add_argument("--seed", type=int, default=7, help="the same seed makes the same steps")
    parser.add_argument("--pace", type=float, default=15, help="steps a second")
    parser.add_argument("--kill-every", type=float, default=12, help="seconds between two kills")
    parser.add_argument("--show", type=int, default=20, help="how many differences are printed")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
