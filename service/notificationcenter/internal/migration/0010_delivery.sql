-- What became of each message, in enough detail to be shown to the person that it was for; addresses that take no mail.

-- +goose Up
ALTER TABLE notificationcenter.delivery
    DROP CONSTRAINT delivery_channel_check,
    DROP CONSTRAINT delivery_state_check,
    ADD CONSTRAINT delivery_channel_check CHECK (channel IN ('email', 'site', 'push')),
    ADD CONSTRAINT delivery_state_check CHECK (state IN (
        'waiting',    -- put off, such as by quiet hours, until a time
        'retry',      -- could not be sent yet, and is tried again
        'sent',       -- the mail server, the push service or the site has it
        'failed',     -- will not be tried again
        'suppressed', -- not sent, because the address takes no mail or the person wants none
        'expired',    -- not sent, because it would have come too late
        'bounced',    -- sent, and came back
        'complained'  -- sent, and the person said that they want no such mail
    )),
    ADD COLUMN text       text NOT NULL DEFAULT '',   -- the sentence that told of it
    ADD COLUMN address    text NOT NULL DEFAULT '',   -- where an e-mail went
    ADD COLUMN language   text NOT NULL DEFAULT 'en', -- to tell the person later what became of it
    ADD COLUMN zone       text NOT NULL DEFAULT 'UTC',
    ADD COLUMN until      timestamptz,                -- of one that waits
    ADD COLUMN expires_at timestamptz;
CREATE INDEX delivery_address ON notificationcenter.delivery (lower(address), at DESC) WHERE address <> '';

-- An address that takes no mail (all), or whose owner complained of mail that one can choose to get (chosen).
CREATE TABLE notificationcenter.suppression (
    address    text        NOT NULL CHECK (address = lower(address)),
    scope      text        NOT NULL CHECK (scope IN ('all', 'chosen')),
    account_id uuid        NOT NULL,
    cause      text        NOT NULL CHECK (cause IN ('refusal', 'bounce', 'complaint')),
    reason     text        NOT NULL,
    at         timestamptz NOT NULL,
    PRIMARY KEY (address, scope)
);
CREATE INDEX suppression_account ON notificationcenter.suppression (account_id);
GRANT SELECT, INSERT, UPDATE, DELETE ON notificationcenter.suppression TO rounds_notificationcenter;

-- A message that is due later is in the queue, where nobody sees it: whoever put it off says so here, in the same transaction.
-- +goose StatementBegin
CREATE FUNCTION notificationcenter.put_off(p_id uuid[], p_account uuid[], p_channel text[], p_kind text[],
    p_until timestamptz[], p_expires timestamptz[], p_reason text[], p_now timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = notificationcenter, pg_temp AS $$
    INSERT INTO delivery (id, account_id, channel, kind, state, attempts, reason, until, expires_at, at)
    SELECT id, account, channel, kind, 'waiting', 0, reason, due, expires, p_now
    FROM unnest(p_id, p_account, p_channel, p_kind, p_until, p_expires, p_reason)
        AS u (id, account, channel, kind, due, expires, reason)
    ON CONFLICT (id) DO NOTHING
$$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION notificationcenter.put_off(uuid[], uuid[], text[], text[], timestamptz[], timestamptz[], text[], timestamptz) FROM PUBLIC;
GRANT USAGE ON SCHEMA notificationcenter TO rounds_notificationtaskrunner;
GRANT EXECUTE ON FUNCTION notificationcenter.put_off(uuid[], uuid[], text[], text[], timestamptz[], timestamptz[], text[], timestamptz)
    TO rounds_notificationtaskrunner;

-- What had to wait and got too old has expired, though no message comes to say so: the queue drops it.
CREATE VIEW notificationcenter.bff_delivery AS
    SELECT id AS delivery_id, account_id, channel, kind, text, address, attempts, reason, until, at,
           CASE WHEN state IN ('waiting', 'retry') AND expires_at <= now() THEN 'expired' ELSE state END AS state
    FROM notificationcenter.delivery;
CREATE VIEW notificationcenter.bff_suppression AS
    SELECT account_id, address, scope, cause, reason, at FROM notificationcenter.suppression;
GRANT SELECT ON notificationcenter.bff_delivery, notificationcenter.bff_suppression TO rounds_bff;

-- +goose Down
DROP VIEW notificationcenter.bff_suppression, notificationcenter.bff_delivery;
DROP FUNCTION notificationcenter.put_off(uuid[], uuid[], text[], text[], timestamptz[], timestamptz[], text[], timestamptz);
DROP TABLE notificationcenter.suppression;
DROP INDEX notificationcenter.delivery_address;
DELETE FROM notificationcenter.delivery WHERE channel = 'push' OR state NOT IN ('sent', 'failed');
ALTER TABLE notificationcenter.delivery
    DROP CONSTRAINT delivery_channel_check,
    DROP CONSTRAINT delivery_state_check,
    DROP COLUMN text, DROP COLUMN address, DROP COLUMN language, DROP COLUMN zone, DROP COLUMN until, DROP COLUMN expires_at,
    ADD CONSTRAINT delivery_channel_check CHECK (channel IN ('email', 'site')),
    ADD CONSTRAINT delivery_state_check CHECK (state IN ('sent', 'failed'));
