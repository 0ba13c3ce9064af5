"""News articles in, a knowledge base in RDF out."""
