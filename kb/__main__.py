"""``python -m kb`` is the command ``kb``."""

from kb.cli import main

# Guarded: a worker process imports this module again, under another name.
if __name__ == "__main__":
    main()
