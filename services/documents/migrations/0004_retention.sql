-- A rotation is remembered for a month: so long the same press gives the same answer.
CREATE INDEX rotations_to_forget ON rotations (rotated_at);
