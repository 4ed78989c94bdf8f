"""Who may call which route: the one table. Whoever does not stand here is refused.

Family and school may so for their own children; desk, operator and portal for anybody's.
`tests/routes/test_who_may.py` asks every route as everybody.
"""

from typing import Final

ANYBODY: Final = frozenset({"anybody"})
FAMILY: Final = {"parent", "student of 14"}
ON_BEHALF: Final = FAMILY | {"student under 14", "school"}
SIGNED_IN: Final = ON_BEHALF | {
    "desk",
    "operator",
    "portal",
    "program",
    "former parent",
    "boaster",
    "parent no more",
}
DESK, OPERATOR, PORTAL = {"desk"}, {"operator"}, {"portal"}

WHO_MAY: Final[dict[str, dict[str, frozenset[str] | set[str]]]] = {
    "identity": {
        "POST /token": ANYBODY,
        "GET /.well-known/jwks.json": ANYBODY,
        "GET /me": SIGNED_IN,
        "GET /me/history": SIGNED_IN,
        "POST /me/password": SIGNED_IN,
        "POST /users": OPERATOR,
        "GET /users/{user_id}": OPERATOR,
        "PATCH /users/{user_id}": OPERATOR,
        "DELETE /users/{user_id}": OPERATOR,
        "POST /users/{user_id}/password": OPERATOR,
        "POST /users/{user_id}/merge": OPERATOR,
        "POST /users/{user_id}/erasure": OPERATOR,
        "GET /erasures/{erasure_id}": OPERATOR,
        "PUT /child-links/{parent_id}/{child_id}": OPERATOR,
        "DELETE /child-links/{parent_id}/{child_id}": OPERATOR,
        "GET /organizations": OPERATOR,
        "PUT /organizations/{organization_id}": OPERATOR,
        "POST /imports/users": OPERATOR,
        "POST /imports/child-links": OPERATOR,
        "GET /imports/{import_id}": OPERATOR,
        "GET /stuck": OPERATOR,
        "GET /journal": OPERATOR,
    },
    "certificates": {
        "GET /children": SIGNED_IN,
        "GET /children/{child_id}/certificate": ON_BEHALF,
        "GET /children/{child_id}/certificate/events": ON_BEHALF,
        "POST /children/{child_id}/certificate-requests": ON_BEHALF,
        "GET /certificate-requests/{request_id}": ON_BEHALF,
        "GET /children/{child_id}/consent": ON_BEHALF,
        "POST /children/{child_id}/consents": ON_BEHALF,
        "POST /children/{child_id}/consents/withdrawal": ON_BEHALF,
        "GET /certificates": DESK,
        "GET /certificates/{number}/history": ON_BEHALF | DESK,
        "POST /certificates/{number}/activation": DESK,
        "POST /certificates/{number}/suspension": DESK,
        "POST /certificates/{number}/resumption": DESK,
        "POST /certificates/{number}/annulment": DESK | {"parent"},
        "GET /rules": OPERATOR,
        "PUT /rules/region": OPERATOR,
        "PUT /rules/municipalities/{municipality}": OPERATOR,
        "POST /imports/certificates": OPERATOR,
        "GET /imports/{import_id}": OPERATOR,
        "GET /stuck": OPERATOR,
        "GET /journal": OPERATOR,
        "GET /verify": ANYBODY,
        "GET /verify/": ANYBODY,
        "GET /verify/{token}": ANYBODY,
    },
    "documents": {
        "GET /application-template.pdf": ANYBODY,
        "GET /children/{child_id}/application.pdf": FAMILY | DESK,
        "GET /children/{child_id}/documents/history": FAMILY | {"student under 14"} | DESK,
        "GET /certificates/{certificate_id}/documents": FAMILY | {"student under 14"},
        "GET /certificates/{certificate_id}/credentials.pdf": FAMILY,
        "POST /certificates/{certificate_id}/credentials/rotation": FAMILY,
        "GET /certificates/{certificate_id}/certificate.png": FAMILY | DESK,
        "GET /certificates/{certificate_id}/certificate.pdf": FAMILY | DESK,
        "GET /erasures/{erasure_id}/act.pdf": OPERATOR,
        "GET /stuck": OPERATOR,
        "GET /journal": OPERATOR,
        "GET /portal-accounts/{certificate_id}": PORTAL,
    },
}
HEALTH: Final = {"GET /health/live": ANYBODY, "GET /health/ready": ANYBODY}
UNLISTED: Final = {"/metrics", "/openapi.json"}  # served, and not in the document

NOTHING_THERE: Final = {"GET /verify", "GET /verify/"}  # everybody is told so, in a page or JSON

# What OpenAPI names where a token alone is not enough, by who may.
NAMED: Final = {"operator": OPERATOR, "staff": DESK, "portal-accounts:read": PORTAL}

ROLES: Final = (*sorted(SIGNED_IN), "erased parent", "nobody")
# Tokens that open nothing, tried for one who would be let in by a good one.
SPOILT: Final = (
    "expired", "another issuer", "another audience", "another key", "too long", "one-time password",
)  # fmt: skip
# Whose things stand in the address: two of one family and school, one of another, nobody's.
TEEN, KID, BOY, NONE = WHOSE = ("teen", "kid", "boy", "nobody's")
OWN: Final = {
    "parent": {TEEN, KID},
    "school": {TEEN, KID},
    "student of 14": {TEEN},
    "student under 14": {KID},
}


def may(allowed: frozenset[str] | set[str], role: str, whose: str | None) -> bool:
    """Whether the table lets this role in, at the things of this child where it is about any."""
    if allowed is ANYBODY:
        return True
    return role in allowed and whose in (OWN.get(role, {TEEN, KID, BOY}) | {None})
