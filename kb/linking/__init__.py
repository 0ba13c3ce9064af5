"""Wikidata items for the entities of an article, from a table that belongs to the package; works offline."""

from kb.linking.disambiguation import link
from kb.linking.explanation import Explanation, explain

__all__ = ["Explanation", "explain", "link"]
