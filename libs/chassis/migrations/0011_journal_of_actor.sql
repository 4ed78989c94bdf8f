-- An operator looks up what somebody did.
CREATE INDEX journal_of_actor ON journal (actor_id, id);
