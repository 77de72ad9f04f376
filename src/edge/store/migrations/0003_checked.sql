-- The table itself says which words it takes, in place of a trigger: what may stand in it is then told where it is made.
-- SQLite adds no CHECK to a table that is there, so the rows move to a new one. A word that nobody knows cannot have
-- been written by the program; whoever wrote it, the step is one to look at, and the word stays in its detail.
CREATE TABLE entries_checked (
    id     INTEGER PRIMARY KEY,
    run    INTEGER NOT NULL REFERENCES runs (id),
    step   INTEGER NOT NULL,
    at     TEXT NOT NULL,
    kind   TEXT NOT NULL,
    word   TEXT NOT NULL,
    detail TEXT NOT NULL,
    FOREIGN KEY (run, step) REFERENCES steps (run, step),
    CONSTRAINT known_word CHECK (
        (kind = 'intent' AND word = '')
        OR (kind = 'outcome' AND word IN (
            'done', 'said', 'already so', 'found otherwise', 'refused', 'no effect', 'in doubt', 'not sent',
            'not tried', 'found', 'no need', 'blocked'
        ))
    )
) STRICT;

INSERT INTO entries_checked (id, run, step, at, kind, word, detail)
SELECT
    id, run, step, at, kind,
    CASE WHEN kind = 'intent' THEN '' WHEN known THEN word ELSE 'in doubt' END,
    CASE
        WHEN known OR word = '' THEN detail
        WHEN detail = '' THEN '"' || word || '"'
        ELSE '"' || word || '": ' || detail
    END
FROM (
    SELECT
        *,
        (kind = 'intent' AND word = '')
        OR (kind = 'outcome' AND word IN (
            'done', 'said', 'already so', 'found otherwise', 'refused', 'no effect', 'in doubt', 'not sent',
            'not tried', 'found', 'no need', 'blocked'
        )) AS known
    FROM entries
)
ORDER BY id;

DROP TABLE entries;
ALTER TABLE entries_checked RENAME TO entries;
CREATE INDEX entries_by_step ON entries (run, step, id);
CREATE TRIGGER entries_stay BEFORE UPDATE ON entries BEGIN SELECT RAISE (ABORT, 'the journal is only added to'); END;
CREATE TRIGGER entries_keep BEFORE DELETE ON entries BEGIN SELECT RAISE (ABORT, 'the journal is only added to'); END;
