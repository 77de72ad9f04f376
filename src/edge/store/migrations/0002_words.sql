-- Only words that are known may be added. Rows are only ever added, so a trigger is as good as a CHECK, and the table
-- need not be written anew.
CREATE TRIGGER entries_words BEFORE INSERT ON entries
WHEN NOT (
    (NEW.kind = 'intent' AND NEW.word = '')
    OR (NEW.kind = 'outcome' AND NEW.word IN (
        'done', 'said', 'already so', 'found otherwise', 'refused', 'no effect', 'in doubt', 'not sent', 'not tried',
        'found', 'no need', 'blocked'
    ))
)
BEGIN SELECT RAISE (ABORT, 'the journal has no such word'); END;
