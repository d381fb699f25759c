-- A wish that comes again under its id but says something else is told so, instead of being taken for the first.

-- +goose Up
ALTER TABLE datamanagement.command ADD COLUMN digest bytea CHECK (length(digest) = 32);
