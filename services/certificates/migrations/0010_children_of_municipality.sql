-- How many children a rule is about is told with each rule.
CREATE INDEX students_of_municipality ON people (municipality)
    WHERE 'student' = ANY (roles) AND NOT erased;
