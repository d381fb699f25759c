// Package store holds the queries of preferences; the SQL stands beside the Go that is made from it. It has no
// rules: what may happen is decided by its caller, in the transaction that the caller owns.
package store
