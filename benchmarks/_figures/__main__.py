"""Fill the tables of the guide, or check all of its numbers."""

import argparse
import sys

from benchmarks._figures.pages import all_problems, fill_pages

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--check", action="store_true", help="write nothing")
if not parser.parse_args().check:
    fill_pages()
if problems := all_problems():
    sys.exit("\n".join(problems))
