// Package store holds the queries of content; the SQL stands beside the Go that is made from it.
package store
