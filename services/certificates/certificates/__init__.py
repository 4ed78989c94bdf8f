"""Requests and facts about people come in; certificates, refusals and their life cycle go out."""
