// Package store holds the queries of auth; the SQL stands beside the Go that is made from it.
package store
