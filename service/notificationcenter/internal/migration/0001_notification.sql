-- What people were told: on the site, by e-mail, and what became of each message.

-- +goose Up
GRANT USAGE ON SCHEMA notificationcenter TO rounds_notificationcenter, rounds_bff;

-- A notification on the site. Its id is the message's, so a repeated message changes nothing.
CREATE TABLE notificationcenter.notification (
    id         uuid        PRIMARY KEY,
    account_id uuid        NOT NULL,
    kind       text        NOT NULL,
    text       text        NOT NULL,
    path       text        NOT NULL,
    created_at timestamptz NOT NULL,
    seen_at    timestamptz
);
CREATE INDEX notification_account ON notificationcenter.notification (account_id, created_at DESC, id DESC);
CREATE INDEX notification_unseen ON notificationcenter.notification (account_id) WHERE seen_at IS NULL;

-- What became of a message. An e-mail is sent when, and only when, this says so.
CREATE TABLE notificationcenter.delivery (
    id         uuid        PRIMARY KEY,
    account_id uuid        NOT NULL,
    channel    text        NOT NULL CHECK (channel IN ('email', 'site')),
    kind       text        NOT NULL,
    state      text        NOT NULL CHECK (state IN ('sent', 'failed')),
    attempts   integer     NOT NULL,
    reason     text        NOT NULL DEFAULT '',
    at         timestamptz NOT NULL
);
CREATE INDEX delivery_account ON notificationcenter.delivery (account_id, at DESC);

-- Where e-mail goes when there is no SMTP server: the mailbox of a demo or of development.
CREATE TABLE notificationcenter.mail (
    id         uuid        PRIMARY KEY,
    recipient  text        NOT NULL,
    subject    text        NOT NULL,
    body_text  text        NOT NULL,
    body_html  text        NOT NULL,
    at         timestamptz NOT NULL
);
CREATE INDEX mail_at ON notificationcenter.mail (at DESC, id DESC);

GRANT SELECT, INSERT, UPDATE ON notificationcenter.notification, notificationcenter.delivery TO rounds_notificationcenter;
GRANT SELECT, INSERT ON notificationcenter.mail TO rounds_notificationcenter;

CREATE VIEW notificationcenter.bff_notification AS
    SELECT id AS notification_id, account_id, kind, text, path, created_at, seen_at FROM notificationcenter.notification;
CREATE VIEW notificationcenter.bff_unseen AS
    SELECT account_id, count(*) AS unseen FROM notificationcenter.notification WHERE seen_at IS NULL GROUP BY account_id;
GRANT SELECT ON notificationcenter.bff_notification, notificationcenter.bff_unseen TO rounds_bff;
