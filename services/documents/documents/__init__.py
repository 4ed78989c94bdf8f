"""Issued certificates come in; documents for families, and word that they are ready, go out."""
