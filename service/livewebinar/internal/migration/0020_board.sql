-- The board of a room: everything in it that changes after it was said. A row of a table is an item of the board, and
-- carries the revision in which it last changed. Whoever changes something locks the board's row first, so revisions have
-- no gaps and what has a revision was committed with it.

-- +goose Up
CREATE TABLE livewebinar.board (
    -- There may be a board before there is a room: polls are prepared.
    webinar_id        uuid PRIMARY KEY,
    revision          integer NOT NULL DEFAULT 0,
    -- Items are dirty that were counted anew and told to nobody yet: votes, answers, reactions, hands.
    dirty             boolean NOT NULL DEFAULT false,
    announcement      text NOT NULL DEFAULT '' CHECK (length(announcement) <= 300),
    announced_at      timestamptz,
    slow_seconds      integer NOT NULL DEFAULT 0 CHECK (slow_seconds BETWEEN 0 AND 300),
    chat_closed       boolean NOT NULL DEFAULT false,
    settings_revision integer NOT NULL DEFAULT 0
);

ALTER TABLE livewebinar.message
    ADD COLUMN revision integer NOT NULL DEFAULT 0,
    ADD COLUMN dirty boolean NOT NULL DEFAULT false,
    ADD COLUMN reply_to integer,
    ADD COLUMN edited_at timestamptz,
    ADD COLUMN deleted_by text NOT NULL DEFAULT '' CHECK (deleted_by IN ('', 'author', 'host')),
    ADD COLUMN deleted_reason text NOT NULL DEFAULT '' CHECK (length(deleted_reason) <= 200),
    -- How many agree, thank, applaud, laugh, are unsure; null when nobody ever did.
    ADD COLUMN reactions integer[],
    DROP CONSTRAINT message_body_check,
    ADD CONSTRAINT message_body_check CHECK (length(body) <= 500 AND (body = '') = (deleted_by <> ''));
CREATE INDEX message_revision ON livewebinar.message (webinar_id, revision) WHERE revision > 0;
CREATE INDEX message_dirty ON livewebinar.message (webinar_id) WHERE dirty;
CREATE INDEX message_reply ON livewebinar.message (webinar_id, reply_to) WHERE reply_to IS NOT NULL;

-- What a message said before it was edited or deleted. Evidence: shown nowhere, changed never.
CREATE TABLE livewebinar.message_version (
    webinar_id  uuid NOT NULL,
    sequence    integer NOT NULL,
    body        text NOT NULL,
    replaced_at timestamptz NOT NULL,
    replaced_by uuid NOT NULL,
    revision    integer NOT NULL,
    PRIMARY KEY (webinar_id, sequence, revision),
    FOREIGN KEY (webinar_id, sequence) REFERENCES livewebinar.message
);

CREATE TABLE livewebinar.reaction (
    webinar_id uuid NOT NULL,
    sequence   integer NOT NULL,
    account_id uuid NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('agree', 'thanks', 'applause', 'funny', 'unsure')),
    PRIMARY KEY (webinar_id, sequence, account_id, kind),
    FOREIGN KEY (webinar_id, sequence) REFERENCES livewebinar.message
);
CREATE INDEX reaction_account ON livewebinar.reaction (webinar_id, account_id);

CREATE TABLE livewebinar.question (
    webinar_id  uuid NOT NULL REFERENCES livewebinar.board,
    number      integer NOT NULL CHECK (number > 0),
    -- Chosen by the browser, like that of a message.
    id          uuid NOT NULL,
    account_id  uuid NOT NULL,
    name        text NOT NULL CHECK (length(name) <= 120),
    anonymous   boolean NOT NULL,
    body        text NOT NULL CHECK (length(body) BETWEEN 1 AND 500),
    votes       integer NOT NULL DEFAULT 0,
    state       text NOT NULL DEFAULT 'open'
                CHECK (state IN ('open', 'answering', 'answered', 'dismissed', 'merged', 'withdrawn')),
    answer      text NOT NULL DEFAULT '' CHECK (length(answer) <= 2000),
    answered_by text NOT NULL DEFAULT '',
    answered_at timestamptz,
    merged_into integer,
    reason      text NOT NULL DEFAULT '' CHECK (length(reason) <= 200),
    asked_at    timestamptz NOT NULL,
    revision    integer NOT NULL,
    dirty       boolean NOT NULL DEFAULT false,
    PRIMARY KEY (webinar_id, number),
    UNIQUE (webinar_id, account_id, id),
    FOREIGN KEY (webinar_id, merged_into) REFERENCES livewebinar.question,
    CHECK ((state = 'merged') = (merged_into IS NOT NULL))
);

-- Its key is what makes a vote count once.
CREATE TABLE livewebinar.question_vote (
    webinar_id uuid NOT NULL,
    number     integer NOT NULL,
    account_id uuid NOT NULL,
    -- The merged question that the vote came from; null for a vote of one's own.
    via        integer,
    PRIMARY KEY (webinar_id, number, account_id),
    FOREIGN KEY (webinar_id, number) REFERENCES livewebinar.question
);
CREATE INDEX question_vote_account ON livewebinar.question_vote (webinar_id, account_id);

CREATE TABLE livewebinar.poll (
    webinar_id uuid NOT NULL REFERENCES livewebinar.board,
    number     integer NOT NULL CHECK (number > 0),
    id         uuid NOT NULL,
    account_id uuid NOT NULL,
    question   text NOT NULL CHECK (length(question) BETWEEN 1 AND 200),
    options    text[] NOT NULL CHECK (cardinality(options) BETWEEN 2 AND 10),
    multiple   boolean NOT NULL,
    state      text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'open', 'closed', 'discarded')),
    shared     boolean NOT NULL DEFAULT false,
    -- How often each option was chosen, when it was last counted, and by how many people.
    counts     integer[] NOT NULL DEFAULT '{}',
    voters     integer NOT NULL DEFAULT 0,
    opened_at  timestamptz,
    closed_at  timestamptz,
    revision   integer NOT NULL,
    dirty      boolean NOT NULL DEFAULT false,
    PRIMARY KEY (webinar_id, number),
    UNIQUE (webinar_id, account_id, id)
);

CREATE TABLE livewebinar.poll_answer (
    webinar_id uuid NOT NULL,
    number     integer NOT NULL,
    account_id uuid NOT NULL,
    -- Indexes of the chosen options, from 0, each once and in order.
    options    integer[] NOT NULL CHECK (cardinality(options) BETWEEN 1 AND 10),
    PRIMARY KEY (webinar_id, number, account_id),
    FOREIGN KEY (webinar_id, number) REFERENCES livewebinar.poll
);
CREATE INDEX poll_answer_account ON livewebinar.poll_answer (webinar_id, account_id);

CREATE TABLE livewebinar.hand (
    webinar_id uuid NOT NULL REFERENCES livewebinar.board,
    account_id uuid NOT NULL,
    name       text NOT NULL CHECK (length(name) <= 120),
    -- Null: it was lowered.
    raised_at  timestamptz,
    revision   integer NOT NULL DEFAULT 0,
    dirty      boolean NOT NULL DEFAULT false,
    PRIMARY KEY (webinar_id, account_id)
);

-- What holds for a person now. All that was ever decided stands in sanction_log.
CREATE TABLE livewebinar.sanction (
    webinar_id uuid NOT NULL REFERENCES livewebinar.board,
    account_id uuid NOT NULL,
    name       text NOT NULL CHECK (length(name) <= 120),
    kind       text NOT NULL CHECK (kind IN ('', 'muted', 'removed')),
    reason     text NOT NULL CHECK (length(reason) <= 200),
    by_name    text NOT NULL,
    at         timestamptz NOT NULL,
    until      timestamptz,
    revision   integer NOT NULL,
    PRIMARY KEY (webinar_id, account_id)
);

CREATE TABLE livewebinar.sanction_log (
    webinar_id uuid NOT NULL REFERENCES livewebinar.board,
    revision   integer NOT NULL,
    account_id uuid NOT NULL,
    kind       text NOT NULL,
    reason     text NOT NULL,
    by_id      uuid NOT NULL,
    at         timestamptz NOT NULL,
    until      timestamptz,
    PRIMARY KEY (webinar_id, revision, account_id)
);

CREATE TABLE livewebinar.note (
    webinar_id uuid NOT NULL REFERENCES livewebinar.board,
    number     integer NOT NULL CHECK (number > 0),
    id         uuid NOT NULL,
    account_id uuid NOT NULL,
    name       text NOT NULL CHECK (length(name) <= 120),
    body       text NOT NULL CHECK (length(body) BETWEEN 1 AND 500),
    sent_at    timestamptz NOT NULL,
    revision   integer NOT NULL,
    PRIMARY KEY (webinar_id, number),
    UNIQUE (webinar_id, account_id, id)
);

GRANT SELECT, INSERT, UPDATE ON livewebinar.board, livewebinar.question, livewebinar.poll, livewebinar.poll_answer,
    livewebinar.hand, livewebinar.sanction TO rounds_livewebinar;
GRANT SELECT, INSERT, UPDATE, DELETE ON livewebinar.question_vote TO rounds_livewebinar;
GRANT SELECT, INSERT, DELETE ON livewebinar.reaction TO rounds_livewebinar;
GRANT SELECT, INSERT ON livewebinar.note, livewebinar.sanction_log, livewebinar.message_version TO rounds_livewebinar;
-- Who said what, when and where stays as it was, whatever becomes of the text.
GRANT UPDATE (body, edited_at, deleted_by, deleted_reason, revision, dirty, reactions) ON livewebinar.message TO rounds_livewebinar;
