"""Trains the language model from public data; needs the ``train`` extra and is not imported at run time."""
