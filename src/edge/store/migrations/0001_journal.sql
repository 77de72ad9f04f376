-- What was meant to be done, what was done, and what is remembered from one run to the next.
-- The first group is only ever added to; triggers see to that, whoever opens the file.

CREATE TABLE texts (
    digest TEXT PRIMARY KEY,
    text   TEXT NOT NULL
) STRICT;

CREATE TABLE runs (
    id           INTEGER PRIMARY KEY,
    server       TEXT NOT NULL,
    server_key   TEXT NOT NULL,
    url          TEXT NOT NULL,
    reference_id TEXT,
    started      TEXT NOT NULL,
    who          TEXT NOT NULL,
    pid          INTEGER NOT NULL,
    version      TEXT NOT NULL,
    approval     TEXT NOT NULL,
    effects      TEXT NOT NULL,
    folder       TEXT NOT NULL,
    commit_id    TEXT,
    commit_dirty INTEGER,
    resumes      INTEGER REFERENCES runs (id)
) STRICT;
CREATE INDEX runs_by_server ON runs (server_key, id);

CREATE TABLE allows (
    run       INTEGER NOT NULL REFERENCES runs (id),
    position  INTEGER NOT NULL,
    guardrail TEXT NOT NULL,
    value     TEXT NOT NULL,
    reason    TEXT NOT NULL,
    PRIMARY KEY (run, position)
) STRICT, WITHOUT ROWID;

-- What a run was narrowed to: globs over the addresses of its steps.
CREATE TABLE narrowed (
    run      INTEGER NOT NULL REFERENCES runs (id),
    position INTEGER NOT NULL,
    kind     TEXT NOT NULL CHECK (kind IN ('target', 'exclude')),
    pattern  TEXT NOT NULL,
    PRIMARY KEY (run, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE sources (
    run      INTEGER NOT NULL REFERENCES runs (id),
    position INTEGER NOT NULL,
    name     TEXT NOT NULL,
    digest   TEXT NOT NULL REFERENCES texts (digest),
    PRIMARY KEY (run, position)
) STRICT, WITHOUT ROWID;

-- A secret is named by its reference, never by its value.
CREATE TABLE steps (
    run     INTEGER NOT NULL REFERENCES runs (id),
    step    INTEGER NOT NULL,
    action  TEXT NOT NULL,
    address TEXT NOT NULL,
    before  TEXT,
    after   TEXT,
    secret  TEXT,
    policy  TEXT,
    place   TEXT NOT NULL,
    why     TEXT,
    PRIMARY KEY (run, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE entries (
    id     INTEGER PRIMARY KEY,
    run    INTEGER NOT NULL REFERENCES runs (id),
    step   INTEGER NOT NULL,
    at     TEXT NOT NULL,
    kind   TEXT NOT NULL CHECK (kind IN ('intent', 'outcome')),
    word   TEXT NOT NULL,
    detail TEXT NOT NULL,
    FOREIGN KEY (run, step) REFERENCES steps (run, step)
) STRICT;
CREATE INDEX entries_by_step ON entries (run, step, id);

-- The last ending of a run counts: one that ended in part may be resumed later.
CREATE TABLE endings (
    id     INTEGER PRIMARY KEY,
    run    INTEGER NOT NULL REFERENCES runs (id),
    at     TEXT NOT NULL,
    word   TEXT NOT NULL CHECK (word IN ('complete', 'partial', 'settled', 'resumed', 'superseded')),
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX endings_by_run ON endings (run, id);

CREATE TRIGGER texts_stay BEFORE UPDATE ON texts BEGIN SELECT RAISE (ABORT, 'the journal is only added to'); END;
CREATE TRIGGER texts_keep BEFORE DELETE ON texts BEGIN SELECT RAISE (ABORT, 'the journal is only added to'); END;
CREATE TRIGGER runs_stay BEFORE UPDATE ON runs BEGIN SELECT RAISE (ABORT, 'the journal is only added to'); END;
CREATE TRIGGER runs_keep BEFORE DELETE ON runs BEGIN SELECT RAISE (ABORT, 'the journal is only added to'); END;
CREATE TRIGGER allows_stay BEFORE UPDATE ON allows BEGIN SELECT RAISE (ABORT, 'the journal is only added to'); END;
CREATE TRIGGER allows_keep BEFORE DELETE ON allows BEGIN SELECT RAISE (ABORT, 'the journal is only added to'); END;
CREATE TRIGGER narrowed_stay BEFORE UPDATE ON narrowed BEGIN SELECT RAISE (ABORT, 'the journal is only added to'); END;
CREATE TRIGGER narrowed_keep BEFORE DELETE ON narrowed BEGIN SELECT RAISE (ABORT, 'the journal is only added to'); END;
CREATE TRIGGER sources_stay BEFORE UPDATE ON sources BEGIN SELECT RAISE (ABORT, 'the journal is only added to'); END;
CREATE TRIGGER sources_keep BEFORE DELETE ON sources BEGIN SELECT RAISE (ABORT, 'the journal is only added to'); END;
CREATE TRIGGER steps_stay BEFORE UPDATE ON steps BEGIN SELECT RAISE (ABORT, 'the journal is only added to'); END;
CREATE TRIGGER steps_keep BEFORE DELETE ON steps BEGIN SELECT RAISE (ABORT, 'the journal is only added to'); END;
CREATE TRIGGER entries_stay BEFORE UPDATE ON entries BEGIN SELECT RAISE (ABORT, 'the journal is only added to'); END;
CREATE TRIGGER entries_keep BEFORE DELETE ON entries BEGIN SELECT RAISE (ABORT, 'the journal is only added to'); END;
CREATE TRIGGER endings_stay BEFORE UPDATE ON endings BEGIN SELECT RAISE (ABORT, 'the journal is only added to'); END;
CREATE TRIGGER endings_keep BEFORE DELETE ON endings BEGIN SELECT RAISE (ABORT, 'the journal is only added to'); END;

-- What the next plan compares with. It is replaced as it changes.
CREATE TABLE matched (
    server_key TEXT NOT NULL,
    policy     TEXT NOT NULL,
    selector   TEXT NOT NULL,
    accounts   INTEGER NOT NULL,
    at         TEXT NOT NULL,
    PRIMARY KEY (server_key, policy, selector)
) STRICT, WITHOUT ROWID;

-- Keyed digests of secrets that were written; the key is a file beside this one, never in it.
CREATE TABLE secrets (
    server_key TEXT NOT NULL,
    setting    TEXT NOT NULL,
    digest     BLOB NOT NULL,
    at         TEXT NOT NULL,
    PRIMARY KEY (server_key, setting)
) STRICT, WITHOUT ROWID;
