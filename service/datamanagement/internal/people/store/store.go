// Package store holds the queries of people; the SQL stands beside the Go that is made from it.
package store
