-- What kit/db.Migrate creates before the first migration, said again for sqlc, which knows only what it reads.
CREATE SCHEMA queue;
CREATE SCHEMA eventlog;
CREATE SCHEMA auth;
CREATE SCHEMA datamanagement;
CREATE SCHEMA scheduler;
CREATE SCHEMA livewebinar;
CREATE SCHEMA notificationtaskrunner;
CREATE SCHEMA notificationcenter;
CREATE SCHEMA statistics;
