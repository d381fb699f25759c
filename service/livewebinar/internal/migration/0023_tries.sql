-- What connections prove that are gone: a check that somebody lost several times was delivered, on whatever instances that was.

-- +goose Up
-- By the name of the connection: when the check was given to it, and its last beat after that (rules/presence.Tries). Each instance writes
-- those of its own connections, so that joining two values loses nothing.
ALTER TABLE livewebinar.presence_check ADD COLUMN tries jsonb NOT NULL DEFAULT '{}';
