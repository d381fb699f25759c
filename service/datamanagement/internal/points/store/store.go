// Package store holds the queries of points; the SQL stands beside the Go that is made from it.
package store
