// Package store holds what the BFF reads: views that their owners keep for it, never a table.
package store
