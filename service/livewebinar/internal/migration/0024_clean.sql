-- A browser that closes its connection in good order did not lose it: an evening that ends is no outage of ours.

-- +goose Up
ALTER TABLE livewebinar.beat ADD COLUMN clean boolean NOT NULL DEFAULT false;
