"""Wikidata items for the entities and the posts of an article, from a table that belongs to the package; works offline."""

from kb.linking.disambiguation import link
from kb.linking.explanation import Explanation, explain
from kb.linking.offices import link_offices

__all__ = ["Explanation", "explain", "link", "link_offices"]
