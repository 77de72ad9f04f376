-- The first shape of a sandbox's state. Numbers of services, modules and variables are this program's own and
-- may change between its versions; so variables stand here by name, and `facts` has the names of the bits.
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE server (variable TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE domains (
    place INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    kind INTEGER NOT NULL,
    switches INTEGER NOT NULL,
    -- [[variable, value], …]
    variables TEXT NOT NULL
);
CREATE TABLE accounts (
    id INTEGER PRIMARY KEY,
    domain INTEGER NOT NULL,
    mailbox TEXT NOT NULL,
    name TEXT NOT NULL,
    kind INTEGER NOT NULL,
    disabled INTEGER NOT NULL,
    protocol INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    switches INTEGER NOT NULL,
    -- The modules it is on trial for.
    trial INTEGER NOT NULL,
    -- [[[variable, value], …], [[member, rights, params], …], [[leaf of the card, value], …], dormant, deferred]
    extra TEXT
);
