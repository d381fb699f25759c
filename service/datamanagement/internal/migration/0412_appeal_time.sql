-- Who appeals may say when it was.

-- +goose Up
ALTER TABLE datamanagement.appeal ADD COLUMN concerns_from timestamptz, ADD COLUMN concerns_to timestamptz,
    ADD CONSTRAINT appeal_concerns CHECK ((concerns_from IS NULL) = (concerns_to IS NULL) AND (concerns_from IS NULL OR concerns_from < concerns_to));
