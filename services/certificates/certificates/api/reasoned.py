"""What the desk and a family send with a change: why. Each change has reasons of its own."""

from collections.abc import Sequence
from typing import Annotated, Any

from chassis.problems import Problem
from pydantic import BaseModel, ConfigDict, Field

from certificates.api.common import Comment
from certificates.reasons import TO_ANNUL, TO_RESUME, TO_SUSPEND, WhyChanged, listed


def _one_of(codes: Sequence[WhyChanged]) -> Any:
    """A text, so that another one is answered with the list in words; OpenAPI shows the codes."""
    return Field(max_length=64, json_schema_extra={"enum": [*codes]})


class Reasoned(BaseModel):
    """Why a certificate is changed: `reason` is a code and public, `comment` is not."""

    model_config = ConfigDict(extra="forbid")

    reason: str
    comment: Comment = ""

    def expect_one_of(self, codes: Sequence[WhyChanged]) -> None:
        """Raises Problem with the codes that there are, or where `other` says nothing."""
        if self.reason not in codes:
            how = f"Пришлите в reason одну из причин: {listed(codes)}."
            raise Problem(422, "unknown_reason", "Такой причины нет в списке", how)
        if self.reason == WhyChanged.other and not self.comment.strip():
            how = "Напишите в comment, какая причина. Комментарий никуда не передаётся."
            raise Problem(422, "comment_needed", "Другая причина требует пояснения", how)


class Suspension(Reasoned):
    """`reason` is one of the codes and public, `comment` is not; `other` needs one."""

    reason: Annotated[str, _one_of(TO_SUSPEND)]


class Resumption(Reasoned):
    """`reason` is one of the codes, `comment` stays inside; `other` needs one."""

    reason: Annotated[str, _one_of(TO_RESUME)]


class Annulment(Reasoned):
    """`reason` is one of the codes and public, `comment` is not; `other` needs one.

    A family has a shorter list: not_needed, moved_away, mistake, other.
    """

    reason: Annotated[str, _one_of(TO_ANNUL)]
