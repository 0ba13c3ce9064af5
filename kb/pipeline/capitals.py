"""Capitals that stand for their governments: "Moscow said" means Russia, where the article names Russia.

The one thing that statements and events need to know of the world beyond the article, from the gazetteer.
"""

from spacy.tokens import Doc

from kb.gazetteer import Gazetteer


def state_of(doc: Doc, gazetteer: Gazetteer, key: str) -> str | None:
    """The key of the country that an entity of class City may stand for; None for any other entity or an unnamed country."""
    told = doc._.kb_entities.get(key)
    if told is None or told["cls"] != "City":
        return None
    countries = {item.country for item in gazetteer.lookup(told["label"])[:1] if item.cls == "City"} - {None}
    for other, entity in doc._.kb_entities.items():
        if entity["cls"] == "Country" and any(item.qid in countries for item in gazetteer.lookup(entity["label"])[:1]):
            return str(other)
    return None
