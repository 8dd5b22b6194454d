"""python -m lessons.exercises [FOLDER]: how far the exercises in your copies of the notebooks have come."""

import sys

from lessons import exercises

if len(sys.argv) > 2:
    sys.exit(__doc__)
try:
    exercises.report(*sys.argv[1:])
except (FileNotFoundError, ValueError) as error:
    sys.exit(str(error))
